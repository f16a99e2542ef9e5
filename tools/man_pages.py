#!/usr/bin/env python3
"""Makes the man pages of what the commands say of themselves and of docs/: tools/man_pages.py PROGRAM DIRECTORY

One page for `tierce` and one for each command (tierce-up.1.gz ...). A page that cannot be made is an error.
"""
import gzip
import pathlib
import re
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
# What a command's page has beyond its --help.
PAGES = {"up": ["up.md"], "check": ["check.md"], "run": ["limits.md"]}
NAMES = {
    "tierce": "Python web applications from the open socket to WSGI",
    "up": "the whole chain as one tree of processes",
    "init": "write a first configuration",
    "run": "serve a WSGI application",
    "uwsgi": "serve a WSGI application from uWSGI's files and options",
    "gunicorn": "serve a WSGI application with Gunicorn's command line",
    "supervisord": "keep programs alive, from supervisord.conf",
    "ctl": "drive a supervisord, ours or the original",
    "nginx": "take the place of nginx, from its files",
    "check": "what is wrong with configurations",
    "explain": "every value that holds, and where it comes from",
}


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def verbatim(lines):
    return [".nf", *(escaped(line) for line in lines), ".fi"]


def from_help(text):
    """Usage lines become the synopsis, what stands before the first option the description, the rest is kept as it is."""
    lines = text.rstrip().split("\n")
    usage = [lines[0].removeprefix("usage: ")]
    rest = lines[1:]
    while rest and rest[0].startswith("       "):
        usage.append(rest.pop(0).strip())
    starts = next((i for i, line in enumerate(rest) if line.startswith("  ")), len(rest))
    out = [".SH SYNOPSIS", *verbatim(usage)]
    description = [line for line in rest[:starts] if line.strip()]
    if description:
        out += [".SH DESCRIPTION", escaped(" ".join(description))]
    if rest[starts:]:
        out += [".SH OPTIONS", *verbatim(rest[starts:])]
    return out


def from_markdown(text):
    out, kept = [], []

    def put_kept():
        if kept:
            out.extend([".PP", *verbatim(kept)])
            kept.clear()

    for line in text.split("\n"):
        if line.startswith("    ") or line.startswith("|"):
            kept.append(line.removeprefix("    "))
            continue
        put_kept()
        if line.startswith("#"):
            out.append(".SH " + escaped(line.lstrip("# ").upper()))
        elif not line.strip():
            out.append(".PP")
        elif line.startswith("* "):
            out.extend([".IP \\(bu 2", escaped(line[2:].replace("`", ""))])
        else:
            out.append(escaped(line.strip().replace("`", "")))
    put_kept()
    return out


def page(program, command):
    words = [program] if command == "tierce" else [program, command]
    answer = subprocess.run([*words, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    name = "tierce" if command == "tierce" else "tierce-" + command
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = [f'.TH {name.upper()} 1 "" "{version}" "tierce"', ".SH NAME", f"{escaped(name)} \\- {escaped(NAMES[command])}"]
    lines += from_help(answer.stdout)
    for document in PAGES.get(command, []):
        lines += from_markdown((DOCS / document).read_text())
    others = [other for other in NAMES if other != command]
    lines += [".SH SEE ALSO", ", ".join(f"\\fB{escaped('tierce' if o == 'tierce' else 'tierce-' + o)}\\fR(1)" for o in others)]
    return name, "\n".join(line for line in lines if line) + "\n"


def main():
    program, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for command in NAMES:
        name, text = page(program, command)
        # Without a time of its own: the same input makes the same bytes.
        (directory / f"{name}.1.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
