"""The documents that are made from the program agree with it."""

import subprocess

import pytest

from server_process import BINARY, REPOSITORY


@pytest.mark.parametrize("command, name", [("run", "options.md"), ("uwsgi", "uwsgi-options.md"),
                                           ("gunicorn", "gunicorn-settings.md"),
                                           ("supervisord", "supervisord-options.md"),
                                           ("gunicorn", "gunicorn-settings.md"), ("nginx", "nginx-directives.md")])
def test_the_reference_of_the_options_is_the_table_of_the_program(command, name):
    made = subprocess.run([BINARY, command, "--help-markdown"], capture_output=True, text=True, check=True).stdout
    assert (REPOSITORY / "docs" / name).read_text() == made, f"tierce {command} --help-markdown > docs/{name}"


def test_every_limit_in_the_documents_names_an_option_that_exists():
    known = subprocess.run([BINARY, "run", "--help"], capture_output=True, text=True, check=True).stdout
    for line in (REPOSITORY / "docs" / "limits.md").read_text().splitlines():
        for word in line.split("`")[1::2]:
            assert word in known, line
