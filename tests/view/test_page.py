#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of `half policy view`, looked at in a real browser.

usage: test_page.py HALF SOURCE CHROMIUM OUT
Leaves screenshots and a printed page in OUT. Exit code 77: no browser.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from browser import Browser

HALF, SOURCE, CHROMIUM, OUT = sys.argv[1:5]
EVIL = "</title></style><script>window.pwned=1</script>" \
       "<img src=http://evil.invalid/x onerror=window.pwned=1>\\\" " \
       "onmouseover=window.pwned=1 x=\\\"' &lt;b&gt; \u202egnorw"

# Elements whose right or left edge leaves the viewport, unless they lie in a
# box that scrolls by itself or are hidden.
OVERFLOW = """(() => [...document.querySelectorAll('body *')].filter(e => {
  if (e.closest('.wide, .skip, .tip, title') || e.closest('thead')) return false;
  const r = e.getBoundingClientRect();
  return r.width > 1.5 && (r.right > innerWidth + 0.5 || r.left < -0.5);
}).map(e => e.tagName + '.' + (e.getAttribute('class') || '') + ' ' +
  e.textContent.slice(0, 40)))()"""

# Names and purposes that do not fit into their box of the map.
TIGHT = """[...document.querySelectorAll('.map a')].filter(a => {
  const box = a.querySelector('.box').getBoundingClientRect();
  return [...a.querySelectorAll('text')].some(t => {
    const r = t.getBoundingClientRect();
    return r.right > box.right || r.top < box.top - 1 ||
           r.bottom > box.bottom + 1; });
}).map(a => a.textContent)"""

# Text with less contrast than 4.5 : 1.
FAINT = """(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const lum = c => { const v = c.slice(0, 3).map(x => { x /= 255;
      return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
      return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const back = e => {
    if (e.matches('.dn'))
      return rgb(getComputedStyle(e.previousElementSibling).fill);
    for (; e; e = e.parentElement) {
      const s = getComputedStyle(e);
      if (e.tagName === 'a' && e.querySelector('.box:not(.off)'))
        return rgb(getComputedStyle(e.querySelector('.box')).fill);
      const c = rgb(s.backgroundColor);
      if (c.length < 4 || c[3] > .9) return c; } return [255, 255, 255]; };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (e.tagName === 'title' || e.closest('svg title')) continue;
    const s = getComputedStyle(e);
    const a = lum(rgb(e.closest('svg') ? s.fill : s.color)), b = lum(back(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faint.push(e.className + ' ' + e.textContent.slice(0, 20) +
                                ' ' + ratio.toFixed(2));
  }
  return faint; })()"""

# Rules of structure that a screen reader relies on.
STRUCTURE = """(() => {
  const wrong = [], ids = new Set();
  for (const e of document.querySelectorAll('[id]')) {
    if (ids.has(e.id)) wrong.push('two of ' + e.id);
    ids.add(e.id);
  }
  for (const e of document.querySelectorAll('[aria-labelledby]'))
    if (!ids.has(e.getAttribute('aria-labelledby'))) wrong.push('label of ' + e.tagName);
  for (const a of document.querySelectorAll('a[href^="#"]'))
    if (!ids.has(a.getAttribute('href').slice(1))) wrong.push('link ' + a.getAttribute('href'));
  let last = 0;
  for (const h of document.querySelectorAll('h1,h2,h3,h4')) {
    const level = +h.tagName[1];
    if (level > last + 1) wrong.push('skips to ' + h.textContent);
    last = level;
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  if (!document.documentElement.lang) wrong.push('no language');
  return wrong; })()"""

failed = 0


def check(sentence, good, more=""):
    global failed
    print(("ok: " if good else "WRONG: ") + sentence, "" if good else more,
          flush=True)
    failed += not good


def view(path, *args):
    subprocess.run([HALF, "policy", "view", *args, "-o", path], check=True)
    return path


def quiet(b, path):
    """No message on the console, and no request but the page's own."""
    said = [e for e in b.events if e["method"] in
            ("Log.entryAdded", "Runtime.exceptionThrown",
             "Runtime.consoleAPICalled")]
    asked = [e["params"]["request"]["url"] for e in b.events
             if e["method"] == "Network.requestWillBeSent"]
    own = "file://" + os.path.abspath(path)
    return not said and asked == [own], f"{said} {asked}"


DESKTOP, PHONE = (1280, 900, "desktop"), (360, 740, "phone")


def shots(b, path, name, looks):
    for (width, height, label), shades in looks:
        for dark in shades:
            b.open(path, width, height, dark)
            at = f"{name}, {label}, {'dark' if dark else 'light'}: "
            wide = b.js("document.documentElement.scrollWidth")
            check(at + "no horizontal overflow", wide <= width, wide)
            over = b.js(OVERFLOW)
            check(at + "nothing reaches out of the page", not over, over[:5])
            tight = b.js(TIGHT)
            check(at + "names fit into the map", not tight, tight)
            faint = b.js(FAINT)
            check(at + "text has contrast", not faint, faint[:8])
            check(at + "all slots are there", b.js(
                "[...document.querySelectorAll('.map a.n, .card')].filter(e => {"
                "const r = e.getBoundingClientRect();"
                "return r.width > 60 && r.height > 14}).length") == 34)
            good, more = quiet(b, path)
            check(at + "console and network are silent", good, more)
            shade = "-dark" if dark else ""
            picture = b.screenshot(f"{OUT}/{name}-{label}{shade}.png")
            check(at + "the screenshot shows something", len(picture) > 30000)


def keyboard(b, path):
    b.open(path, 1280, 900)
    seen = []
    for _ in range(200):
        b.key("Tab", 9)
        seen.append(b.js("(e => e.getAttribute('href') || e.name || e.tagName)"
                         "(document.activeElement)"))
        if seen[-1] == "BODY":
            break
    check("the Tab key gets to the end of the page", "BODY" in seen or
          seen.count("#slots") > 1, seen[-3:])
    slots = [f"#slot-{i}" for i in range(16)]
    in_order = [s for s in seen if s in slots][:16]
    check("it reaches every slot of the map in order", in_order == slots, seen)
    groups = [s for s in seen if re.fullmatch(r"slot\d+", s)]
    check("and the bits of every slot, once",
          groups == [f"slot{i}" for i in range(16)], groups)
    b.js("document.querySelector('#slot-0 .bit input').focus()")
    b.key("ArrowRight", 39)
    tip = b.js("[...document.querySelectorAll('.tip')].filter(t =>"
               "t.getClientRects().length).map(t => t.innerText).join('|')")
    check("the arrow key shows the next bit, its name and place",
          "SlotConfig.NoMac = 0" in tip and "byte 20 bit 4" in tip, tip)


def pointer(b, path):
    b.open(path, 360, 740)
    b.js("document.querySelector('#slot-15 .bits').scrollIntoView("
         "{behavior: 'instant', block: 'center'})")
    x, y = b.js("(r => [r.x + 5, r.y + 5])(document.querySelector("
                "'#slot-15 .bit').getBoundingClientRect())")
    b.point_at(x, y)
    tip = b.js("[...document.querySelectorAll('.tip')].filter(t =>"
               "t.getClientRects().length).map(t => {"
               "const r = t.getBoundingClientRect();"
               "return [t.innerText, r.left, r.right]})")
    check("pointing at a bit shows one tip, on the page", len(tip) == 1 and
          "SlotConfig.ReadKey = 15" in tip[0][0] and
          "byte 50 bits 3-0" in tip[0][0] and
          tip[0][1] >= 0 and tip[0][2] <= 360, tip)
    b.open(path, 1280, 900)
    b.js("document.querySelector('.map .n14').scrollIntoView("
         "{behavior: 'instant', block: 'center'})")
    x, y = b.js("(r => [r.x + 9, r.y + 9])(document.querySelector("
                "'.map .n14').getBoundingClientRect())")
    b.point_at(x, y)
    b.js("document.getAnimations().forEach(a => a.finish())")
    faded = b.js("[...document.querySelectorAll('.e')].map(e => "
                 "[e.classList.contains('f14') || e.classList.contains('t14'),"
                 "+getComputedStyle(e).opacity])")
    check("pointing at a slot fades the arrows of the others",
          faded and all((o == 1) == mine for mine, o in faded), faded)


def paper(b, path):
    b.open(path, 718, 1000)
    b.call("Emulation.setEmulatedMedia", media="print")
    wide = b.js("document.documentElement.scrollWidth")
    check("it fits on A4", wide <= 718, wide)
    shown = b.js("[...document.querySelectorAll('.hint, nav, .card .bits, "
                 ".attacks')].filter(e => e.getClientRects().length).length")
    check("and leaves out what paper cannot do", shown == 0, shown)
    b.call("Emulation.setEmulatedMedia", media="")
    b.pdf(f"{OUT}/page.pdf")
    check("it prints", os.path.getsize(f"{OUT}/page.pdf") > 20000)


def hostile_page(folder):
    text = subprocess.run([HALF, "policy", "new", "-o", "-"], check=True,
                          capture_output=True, text=True).stdout
    text = re.sub('(about|reason): ".*?"',
                  lambda m: f'{m.group(1)}: "{EVIL}"', text)
    name = os.path.join(folder, "<img src=x onerror=window.pwned=1>.yaml")
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return view(os.path.join(folder, "evil.html"), name)


def hostile(b, path):
    b.open(path, 360, 740)
    check("a hostile policy runs nothing", b.js("window.pwned") is None)
    check("adds no element", b.js(
        "document.querySelectorAll('script,img,iframe,object,embed,link,base')"
        ".length + document.querySelectorAll('style').length * 100") == 100)
    check("and no handler", b.js(
        "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
        ".filter(a => /^on|^style$/i.test(a.name)).length") == 0)
    lead = b.js("document.querySelector('.lead').textContent")
    check("its text is there, letter by letter",
          lead == EVIL.replace('\\"', '"').replace("\u202e", "\ufffd"), lead)
    check("and does not reach out of the page", b.js(
        "document.documentElement.scrollWidth") <= 360)
    good, more = quiet(b, path)
    check("nor does it ask the network", good, more)
    b.js("{const s = document.createElement('script'); s.textContent ="
         "'window.pwned = 1'; document.body.append(s)}")
    check("the page would refuse a script even so",
          b.js("window.pwned") is None)


def main():
    if not shutil.which(CHROMIUM):
        print("no chromium here (scripts/setup.sh test installs it)")
        sys.exit(77)
    os.makedirs(OUT, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = view(f"{folder}/page.html",
                    f"{SOURCE}/policies/connected-device.yaml")
        crowd = view(f"{folder}/crowd.html", "--hex",
                     f"{SOURCE}/tests/data/configs/seed-notebook.hex")
        evil = hostile_page(folder)
        with Browser(CHROMIUM) as b:
            shots(b, page, "connected-device",
                  ((DESKTOP, (False, True)), (PHONE, (False, True))))
            shots(b, crowd, "many-arrows",
                  ((DESKTOP, (True,)), (PHONE, (False,))))
            finding = b.js("document.querySelector('#slot-2 .finding.high')"
                           ".innerText")
            check("a finding stands on its slot, with its bits",
                  "PRIV-REGEN" in finding and "bytes 24-25" in finding, finding)
            check("and in the map", b.js(
                "document.querySelector('.n2 .dot.high') !== null &&"
                "/finding/.test(document.querySelector('.n2').ariaLabel)"))
            b.open(page, 1280, 900)
            tags = "[...document.querySelectorAll('.sheet .tag%s')].map(" \
                   "t => t.innerText)"
            check("what the policy accepts is marked as such, and nothing is "
                  "there that an attacker wants", b.js(tags % ".takes") == []
                  and b.js(tags % ".okay") == ["regenerate", "destroy"],
                  b.js(tags % ".takes"))
            words = b.js("[...document.querySelectorAll('.goals dt')].map("
                         "t => t.innerText)")
            used = {w.rstrip("?") for w in b.js(tags % "")}
            check("the sheet explains its words, and no other",
                  set(words[:-3]) == used, (words, used))
            check("the head leads to every part", b.js(
                "[...document.querySelectorAll('nav a')].every(a => "
                "document.querySelector(a.hash + '> h2'))"))
            b.open(crowd, 390, 844)
            check("rows of the table of all bits are one line high on a phone",
                  b.js("Math.max(...[...document.querySelectorAll("
                       "'.matrix tbody tr')].map(r => r.offsetHeight))") < 30)
            b.open(page, 1280, 900)
            wrong = b.js(STRUCTURE)
            check("headings, labels and links are whole", not wrong, wrong)
            keyboard(b, page)
            pointer(b, page)
            paper(b, page)
            hostile(b, evil)
    sys.exit(1 if failed else 0)


main()
