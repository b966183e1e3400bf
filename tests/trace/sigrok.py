#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our VCD, judged by sigrok-cli: its i2c decoder and its atsha204a decoder
must see every byte that went over the virtual bus, and a capture that it
makes of our VCD must read back the same.

    sigrok.py PEER DIRECTORY
"""
import re
import shutil
import subprocess
import sys
import unittest

PEER, DIR = sys.argv[1:3]
SKIPPED = 77


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError("%s: %s" % (" ".join(args), done.stderr))
    return done.stdout


def decode(vcd, stack, which):
    out = run("sigrok-cli", "-I", "vcd", "-i", vcd, "-P",
              "i2c:scl=SCL:sda=SDA" + stack, "-A", which)
    return [line.split(": ", 1)[1] for line in out.splitlines()]


def transfers_of_i2c(lines):
    """The decoder's annotations as lines like those of peer."""
    result, current = [], None
    for line in lines:
        m = re.match(r"Address (write|read): ([0-9A-F]{2})", line)
        if m:
            current = [m[1], m[2].lower(), None, ""]
            result.append(current)
        elif line in ("ACK", "NACK") and current and current[2] is None:
            current[2] = line.lower()
        m = re.match(r"Data (?:write|read): ([0-9A-F]{2})", line)
        if m:
            current[3] += m[1].lower()
    return ["%s %s %s %s" % tuple(t) for t in result]


OPCODES = {0x30: ("DevRev", None), 0x24: ("Counter", "KeyID"),
           0x40: ("GenKey", "KeyID"), 0x1B: ("Random", "Zero")}
WORDS = ["RESET", "SLEEP", "IDLE", "COMMAND"]
STATUS = {0x00: "Command success", 0x0F: "Execution error", 0x11: "Ready"}


def pairs(data):
    return " ".join("%02x" % b for b in data)


def crc(data):
    return "CRC: %02X %02X" % tuple(data[-2:])


def of_write(data):
    lines = ["Word addr: " + WORDS[data[0]]]
    if data[0] != 3:
        return lines
    group = data[1:]
    name, param2 = OPCODES[group[1]]
    lines += ["Count: %d" % group[0], "Opcode: " + name,
              "Mode: %02X" % group[2],
              "%s: %02x %02x" % (param2, group[4], group[3]) if param2
              else "-"]
    return lines + [crc(group)]


def of_read(data, after_command):
    lines = ["Count: %d" % data[0]]
    if not after_command:
        return lines  # atsha204a shows no more of an answer to a poll
    lines += ["Data: " + pairs(data[1:-2]), crc(data)]
    if data[0] == 4:
        lines.append("Status: " + STATUS[data[1]])
    return lines


def expected_atsha(log):
    lines, after_command = [], False
    for line in log:
        direction, _, _, text = line.split(" ")
        data = bytes.fromhex(text)
        if direction == "write":
            lines += of_write(data) if data else []
            after_command = bool(data) and data[0] == 3
        else:
            lines += of_read(data, after_command) if data else []
            after_command = False
    return lines


class Sigrok(unittest.TestCase):
    def live(self, hz):
        vcd = "%s/live-%d.vcd" % (DIR, hz)
        log = run(PEER, "live", str(hz), vcd).splitlines()
        self.assertGreater(len(log), 8)
        return vcd, log

    def test_i2c_sees_every_byte_at_every_speed(self):
        for hz in (100000, 400000, 1000000):
            vcd, log = self.live(hz)
            self.assertEqual(transfers_of_i2c(decode(vcd, "", "i2c")), log)

    def test_atsha204a_sees_commands_and_answers(self):
        vcd, log = self.live(400000)
        self.assertEqual(decode(vcd, ",atsha204a", "atsha204a"),
                         expected_atsha(log))

    def test_a_capture_made_of_it_reads_back_the_same(self):
        vcd, log = self.live(400000)
        capture = DIR + "/live.sr"
        run("sigrok-cli", "-I", "vcd", "-i", vcd, "-o", capture)
        self.assertEqual(run(PEER, "read", capture).splitlines(), log)

    def test_the_bus_speed_shows_in_the_waveform(self):
        vcd, _ = self.live(400000)
        rises, time = [], 0
        with open(vcd) as file:
            for line in file:
                if line[0] == "#":
                    time = int(line[1:])
                elif line.strip() == "1c":
                    rises.append(time)
        gaps = [b - a for a, b in zip(rises, rises[1:])]
        self.assertEqual(max(set(gaps), key=gaps.count), 25)  # 2.5 us


if __name__ == "__main__":
    if shutil.which("sigrok-cli") is None:
        print("skipped: sigrok-cli is not installed")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
