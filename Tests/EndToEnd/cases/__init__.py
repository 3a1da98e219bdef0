"""The tests, in the order in which they run: what is quick and basic first."""
from . import (  # noqa: F401 (they register themselves)
    basic_calls, within_call, outside_calls, network, phones, operator, switching, routing, numbers, identity, explain, inbound_registration,
    restart, call_limits, drain, session_timers, registration_scenarios, registration_life, registration_upstreams, registration_calls, load,
    broken_input, protection)
