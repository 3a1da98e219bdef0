#!/usr/bin/env python3
"""Calls by real peers through a real switch: see README.md. `scripts/end-to-end` is the usual way to run it."""
import argparse
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from harness.checks import Failure  # noqa: E402 (the path comes first)
from harness.processes import require_free  # noqa: E402
from harness.switch import MANAGEMENT_PORT  # noqa: E402
from harness.test import CASES, Options, Test  # noqa: E402
import cases  # noqa: E402, F401 (registers the tests)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--program", default=os.environ.get("TANDEM_PROGRAM", os.path.join(ROOT, ".build", "release", "tandem")),
        help="the program under test (also by the environment's TANDEM_PROGRAM)")
    parser.add_argument("--only", metavar="TEXT", action="append", help="only tests with TEXT in their name; may be repeated")
    parser.add_argument("--file", metavar="TEXT", action="append", help="only tests of files with TEXT in their name, such as registration")
    parser.add_argument("--list", action="store_true", help="print the tests' names")
    parser.add_argument("--keep", action="store_true", help="keep the logs of tests that pass, too")
    parser.add_argument("--once", action="store_true", help="a failed test is not tried a second time")
    parser.add_argument("--load-seconds", type=int, default=15, help="length of the load test (15)")
    parser.add_argument("--fuzz-datagrams", type=int, default=300_000, help="broken datagrams that are sent (300000)")
    return parser.parse_args()


def chosen(given):
    """The tests that the options leave, in order."""
    def fits(texts, name):
        return not texts or any(text in name for text in texts)
    return [(name, run) for name, run in CASES if fits(given.only, name) and fits(given.file, run.__module__)]


def require_surroundings(program):
    """Refuses to begin when something is missing or the ports are in use."""
    if not os.access(program, os.X_OK):
        raise Failure(f"there is no program {program}: `make build` makes it")
    if not shutil.which("sipp"):
        raise Failure("sipp is not installed: apt-get install sip-tester")
    require_free("udp", "127.0.0.1", 5060)
    require_free("tcp", "127.0.0.1", 5060)
    require_free("tcp", "127.0.0.1", MANAGEMENT_PORT)


def run_one(run, folder, options):
    """Runs a test; returns what went wrong, or nothing, and its notes."""
    os.makedirs(folder)
    test = Test(folder, options)
    try:
        run(test)
        return None, test.notes
    except Failure as failure:
        return str(failure), test.notes
    except Exception as fault:  # a fault of the test itself, or of what it calls
        return f"{type(fault).__name__}: {fault}", test.notes
    finally:
        test.close()


def main():
    given = arguments()
    if given.list:
        print("\n".join(name for name, _ in chosen(given)))
        return 0
    # A copy: a build beside us may replace the file while we restart the switch from it.
    folder = tempfile.mkdtemp(prefix="tandem-end-to-end-")
    try:
        require_surroundings(given.program)
        program = shutil.copy2(given.program, os.path.join(folder, "tandem"))
    except Failure as failure:
        shutil.rmtree(folder)
        print(f"error: {failure}", file=sys.stderr)
        return 2
    options = Options(program, given.load_seconds, given.fuzz_datagrams)
    passed = failed = again = 0
    for number, (name, run) in enumerate(chosen(given), 1):
        began = time.monotonic()
        own = os.path.join(folder, f"{number:02}")
        problem, notes = run_one(run, own, options)
        if problem is not None and not given.once:
            # The peers keep their own time on a machine that others use too: a failure counts when it comes twice.
            print(f"again {name}: {problem}; logs: {own}", flush=True)
            again += 1
            problem, notes = run_one(run, own + "-again", options)
        took = time.monotonic() - began
        if problem is None:
            passed += 1
            print(f"ok    {'; '.join([name, *notes])} ({took:.1f} s)", flush=True)
            if not given.keep and not os.path.exists(own + "-again"):
                shutil.rmtree(own)
        else:
            failed += 1
            print(f"FAIL  {name} ({took:.1f} s): {problem}; logs: {own}", flush=True)
    if failed or again or given.keep:
        print(f"logs are in {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
