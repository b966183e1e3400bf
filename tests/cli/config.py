#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the test chip's configuration and contents into a directory:
config.hex, slotN, otp, expect (what Lock of the data zone sums up), and the
keys io.key, key4, aes.key (raw, mode 600). Numbers: docs/chip part 1, 7.12 and
7.14. Usage: config.py DIRECTORY VARIANT"""
import hashlib
import os
import sys

os.chdir(sys.argv[1])

# slot: SlotConfig, KeyConfig
SLOTS = {
    0: (0x2083, 0x0033),   # private: signs; GenKey; lockable
    1: (0x2087, 0x0033),   # private: signs, ECDH to the host
    2: (0x208F, 0x0033),   # private: signs, ECDH into slot 3
    3: (0x8FC4, 0x001C),   # encrypted read with key 4, never written
    4: (0x8F8F, 0x001C),   # secret
    5: (0x44C4, 0x001C),   # encrypted read and write with key 4
    6: (0x8F8F, 0x001C),   # IO protection key
    7: (0x8FAF, 0x001C),
    8: (0x0000, 0x003C),   # clear
    9: (0x8F8F, 0x0018),   # AES key
    10: (0x000F, 0x0030),  # public key, not to be validated
    11: (0x4483, 0x0033),  # private: PrivWrite with key 4
    12: (0x2082, 0x0033),  # private: signs internal messages only
    13: (0x0000, 0x003E),  # KDF target
    14: (0x0000, 0x003C),
    15: (0x8FAF, 0x001C),
}
SIZES = [36] * 8 + [416] + [72] * 7

config = bytearray(128)
config[16] = 0xC0
config[52:60] = config[60:68] = bytes.fromhex("ffffffff00000000")
if sys.argv[2] == "508a":
    config[18] = 0xAA  # OTP is read-only once locked
    config[68:84] = b"\xff" * 16  # LastKeyUse
    SLOTS[9] = (0x8F8F, 0x001C)  # there is no AES
else:
    config[90:92] = (0x6006).to_bytes(2, "little")  # IO key: slot 6; KDF-AES
config[88:90] = b"\xff\xff"
config[86:88] = b"\x55\x55"
for slot, (slot_config, key_config) in SLOTS.items():
    config[20 + 2 * slot : 22 + 2 * slot] = slot_config.to_bytes(2, "little")
    config[96 + 2 * slot : 98 + 2 * slot] = key_config.to_bytes(2, "little")


def content(name, size):
    out = b""
    while len(out) < size:
        out += hashlib.sha256(f"{name} {len(out)}".encode()).digest()
    return out[:size]


def store(name, data, mode=0o644):
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as f:
        f.write(data)


expect = b""
for slot, size in enumerate(SIZES):
    if SLOTS[slot][1] & 1:
        continue
    data = content(f"slot {slot}", size)
    if slot == 10:
        data = bytes(size)
    store(f"slot{slot}", data)
    expect += data
store("otp", content("otp", 64))
store("expect", expect + content("otp", 64))
store("key4", content("slot 4", 36)[:32], 0o600)
store("io.key", content("slot 6", 36)[:32], 0o600)
store("aes.key", content("slot 9", 72)[:16], 0o600)
with open("config.hex", "w") as f:
    f.write(config.hex() + "\n")
