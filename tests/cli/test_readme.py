#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's "Lock without fear", as it stands: each command is run, and each
line shown under it must be in what it prints, in that order. Serial numbers,
hashes and counts may be others. usage: test_readme.py HALF SOURCE"""
import os
import re
import subprocess
import sys
import tempfile

half, source = sys.argv[1:]
text = open(f"{source}/README.md").read()
section = text.split("## Lock without fear")[1].split("\n## ")[0]
blocks = re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)
failed = checked = 0
plan_hash = ""


def shape(line):
    line = re.sub(r"\b[0-9a-f]{18}(?:[0-9a-f]{46})?\b", "HEX", line.strip())
    return re.sub(r"\b[0-9]{4,}\b(?=.* tried)", "N", line)


def run(command, env, where):
    """What it prints, standard error included."""
    name, _, value = command.removeprefix("export ").partition("=")
    if command.startswith("export "):
        env[name] = value
        return []
    command = command.replace("HASH", plan_hash)
    done = subprocess.run(["sh", "-c", command], env=env, cwd=where, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.splitlines()


with tempfile.TemporaryDirectory() as where:
    os.symlink(f"{source}/tests", f"{where}/tests")
    os.symlink(half, f"{where}/half")
    env = dict(os.environ, PATH=f"{where}:{os.environ['PATH']}", COLUMNS="200")
    env.pop("HALF_CHIP", None)
    out, at, command = [], 0, ""
    for line in "\n".join(blocks).splitlines():
        if line.startswith("$ "):
            command = line[2:]
            printed = run(command, env, where)
            for one in printed:
                if one.startswith("plan "):
                    plan_hash = one.split()[1]
            out, at = [shape(one) for one in printed], 0
        elif line.strip() and line != "...":
            checked += 1
            if shape(line) in out[at:]:
                at = out.index(shape(line), at) + 1
            else:
                failed += 1
                print(f"README shows what `{command}` does not print "
                      f"(there):\n  {line}", file=sys.stderr)
print(f"{checked} lines of README checked")
sys.exit(failed > 0 or checked < 20)
