#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Worst stack of a call, from gcc's -fcallgraph-info=su.

Calls through pointers are not in gcc's graph; the driver makes them in five
places, and what they reach is written down here. A place that is not known
stops the script, so that it cannot flatter.

usage: stack.py DIRECTORY   (with the .ci files)
prints: figure, yardstick, aim, label
"""
import glob
import re
import sys

STATES = ["do_lock", "do_wake", "do_poll", "do_send", "do_rewind",
          "do_recover", "do_end"]
PORT = []  # struct hd_bus: the port's own
# who calls through a pointer -> what, besides the hooks of the operation
POINTERS = {
    "hd_chip_poll": STATES, "now_us": PORT, "send_word": PORT,
    "do_lock": PORT, "do_wake": PORT, "do_send": PORT, "do_poll": PORT,
    "do_end": PORT, "hd_chip_wait": PORT, "hd_chip_begin": PORT,
    "hd_sha256": ["hd_libmd_sha256"], "build": [], "accept": [], "hd_chip_run": PORT,
    "hd_put_random": PORT, "do_recover": PORT,
}
HOOKED = ("build", "accept", "do_send", "do_poll")  # wherever gcc inlined
LABELS = [
    ("a_sign", ["seed"], 240, 240, "sign"),
    ("a_verify", [], 232, 232, "verify, external"),
    ("c_secureboot_mac", ["boot_nonce", "believe_boot"], 1024, 512,
     "secureboot with MAC"),
    ("b_write_encrypted", ["hd_hook_nonce", "hd_hook_gendig", "transfer"],
     1056, 512, "encrypted write"),
]


def load(directory):
    own, calls = {}, {}
    for path in glob.glob(directory + "/*.ci"):
        alias = {}
        text = open(path).read()
        for title, label in re.findall(
                r'node: { title: "([^"]*)" label: "([^"]*)"', text):
            name = title.split(":")[-1]
            alias[title] = name
            size = re.search(r"(\d+) bytes \((\w+)", label)
            if size:
                own[name] = int(size.group(1))
        for source, target in re.findall(
                r'sourcename: "([^"]*)" targetname: "([^"]*)"', text):
            calls.setdefault(alias.get(source, source), set()).add(
                alias.get(target, target.split(":")[-1]))
    return own, calls


def worst(name, own, calls, hooks, path=()):
    if name in path:
        sys.exit(f"stack.py: recursion in {name}")
    below = 0
    for target in calls.get(name, ()):
        if target == "__indirect_call":
            if name not in POINTERS:
                sys.exit(f"stack.py: {name} calls through a pointer")
            targets = list(POINTERS[name])
            if name in HOOKED:
                targets += hooks
        else:
            targets = [target]
        for t in targets:
            below = max(below, worst(t, own, calls, hooks, path + (name,)))
    return own.get(name, 0) + below


def main():
    own, calls = load(sys.argv[1])
    for root, hooks, yard, aim, label in LABELS:
        if root not in own or any(h not in own for h in hooks):
            sys.exit(f"stack.py: {root} or one of {hooks} is not compiled")
        print(worst(root, own, calls, hooks), yard, aim, label)


main()
