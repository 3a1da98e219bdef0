"""What a test says when something does not hold, and waiting within a bound."""
import time


class Failure(Exception):
    """Something does not hold; the text says what, for a reader who has the folder with the logs."""


def expect(condition, text):
    """Fails with `text` unless the condition holds."""
    if not condition:
        raise Failure(text)


def expect_equal(found, wanted, what):
    """Fails unless both are the same."""
    expect(found == wanted, f"{what} is {found!r}, not {wanted!r}")


def expect_between(found, low, high, what):
    """Fails unless low <= found <= high."""
    expect(found is not None and low <= found <= high, f"{what} is {found!r}, not within {low} and {high}")


def wait_until(condition, seconds, what, every=0.05):
    """Asks until the condition gives something true, and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(every)
