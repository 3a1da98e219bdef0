"""The tests, in the order in which they run: what is quick and basic first."""
from . import (  # noqa: F401 (they register themselves)
    basic_calls, within_call, outside_calls, network, phones, operator, restart, registration_scenarios, registration_life, registration_upstreams,
    registration_calls, load, broken_input)
