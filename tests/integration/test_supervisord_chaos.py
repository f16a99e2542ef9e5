"""The short form of tests/chaos/kill_programs.py."""

import importlib.util
import pathlib

from processes import zombies_below
from supervisord_peers import OURS
from waiting import eventually

_spec = importlib.util.spec_from_file_location(
    "kill_programs", pathlib.Path(__file__).resolve().parents[1] / "chaos" / "kill_programs.py")
chaos = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(chaos)


def test_whatever_is_killed_nobody_is_left_alone_and_all_run_again(tmp_path):
    run = chaos.start(OURS, tmp_path / "chaos")
    try:
        chaos.kill_at_random(run, 200, seed=5)
        eventually(lambda: chaos.settled(run), 20, "all programs run again")
        eventually(lambda: not chaos.orphans(run) and not zombies_below(run.process.pid), 10, "nothing is left")
        assert run.end() == 0
    finally:
        run.kill()
