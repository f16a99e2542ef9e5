#!/usr/bin/env python3
"""Runs the C++ tests and the black-box tests of one build and ends with one line that counts them all.

usage: tools/run_tests.py BUILD_DIR [pytest arguments]

Fails when a test fails, and when either kind ran none. The black-box tests run with this interpreter.
"""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def counts_of(report):
    """(passed, failed, skipped) of a JUnit report; (0, 0, 0) when there is none."""
    try:
        root = xml.parse(report).getroot()
    except (OSError, xml.ParseError):
        return 0, 0, 0
    total = failed = skipped = 0
    for suite in root.iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
    return total - failed - skipped, failed, skipped


def main():
    build = os.path.abspath(sys.argv[1])
    arguments = sys.argv[2:]
    with tempfile.TemporaryDirectory() as scratch:
        cpp = os.path.join(scratch, "ctest.xml")
        python = os.path.join(scratch, "pytest.xml")
        ctest = subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "-j2", "--output-junit", cpp], cwd=ROOT)
        environment = dict(os.environ, TIERCE_BIN=os.path.join(build, "tierce"))
        # Of pytest.ini, for builds that are slower.
        slowly = ["--timeout", str(90 * int(os.environ.get("TIERCE_TEST_SLOWNESS", "1")))]
        pytest = subprocess.run([sys.executable, "-m", "pytest", "-q", "--junitxml", python] + slowly + arguments,
                                cwd=ROOT, env=environment)
        results = [("C++", counts_of(cpp), ctest.returncode), ("black box", counts_of(python), pytest.returncode)]
    passed = failed = skipped = 0
    for kind, (good, bad, left), status in results:
        print("%s: %d passed, %d failed, %d skipped" % (kind, good, bad, left))
        if good + bad == 0:
            print("%s: no test was run" % kind)
            bad += 1
        elif status != 0 and bad == 0:
            print("%s: the runner failed with status %d" % (kind, status))
            bad += 1
        passed, failed, skipped = passed + good, failed + bad, skipped + left
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
