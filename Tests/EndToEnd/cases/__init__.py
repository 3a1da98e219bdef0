"""The tests, in the order in which they run: what is quick and basic first."""
from . import basic_calls, within_call, outside_calls, network, operator, restart, load  # noqa: F401 (they register themselves)
