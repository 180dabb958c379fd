"""The pages that list the limits say what the program does: every option with its default, every counter, and what holds over
several nodes."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/app/config/option_table.cpp"
HARDENING = ROOT / "docs/hardening.md"
CLUSTER = ROOT / "docs/cluster.md"
SUFFIXES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "h": 3600, "days": 86400, "s": 1}


def options_of(source):
    """Name -> (group, default as the help says it)."""
    found = {}
    for group, name, texts in re.findall(r'\{k(\w+), "([\w-]+)",\s*"[^"]*",\s*((?:"(?:[^"\\]|\\.)*"\s*)+),', source):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', texts))
        default = re.search(r"\[([^\]]*)\]\s*$", text)
        found[name] = (group, default[1] if default else None)
    return found


def number(text):
    """16384, 10,000, 16 MiB, 12 h: the first number of a text, as the program counts; None without any."""
    match = re.match(r"\s*([\d,]*\d)(?:\s+(KiB|MiB|GiB|h|days|s)\b)?", text)
    return int(match[1].replace(",", "")) * SUFFIXES.get(match[2], 1) if match else None


def section(page, title):
    """The text under a heading, up to the next one of its level."""
    return re.split(r"^## ", page.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def mentioned(text):
    """Name -> the numbers that stand behind `--name`."""
    found = {}
    for name, behind in re.findall(r"`--([\w-]+)`([^`|;]*)", text):
        found.setdefault(name, []).append(number(behind))
    return found


def missing(options, page):
    """What a page with the sections Limits and Times lacks, or says otherwise than the options."""
    problems = []
    told = mentioned(section(page, "Limits") + section(page, "Times"))
    for name, (group, default) in options.items():
        if group not in ("Limits", "Times"):
            continue
        numbers = told.get(name)
        if numbers is None:
            problems.append(f"--{name} is not in the tables")
        elif default is not None and number(default) is not None and number(default) not in numbers:
            problems.append(f"--{name} is {default}, not {numbers}")
    return problems + [f"there is no --{name}" for name in told if name not in options and name != "config"]


class Limits(unittest.TestCase):
    def setUp(self):
        self.options = options_of(TABLE.read_text())
        self.sources = "".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.?pp")))

    def test_finds_what_a_page_lacks_and_what_it_says_wrongly(self):
        options = {"a-rate": ("Limits", "50"), "b-size": ("Limits", "16384"), "c-time": ("Times", "10"), "d-wait": ("Limits", "1048576")}
        page = "\n## Limits\n| `--a-rate` 50 a second | `--b-size` 16 KiB | `--e` 3 |\n## Times\n| `--c-time` 20 s |\n## Else\n`--d-wait` 1"
        self.assertEqual(missing(options, page),
                         ["--c-time is 10, not [20]", "--d-wait is not in the tables", "there is no --e"])

    def test_reads_the_option_table(self):
        self.assertEqual(self.options["event-rate"], ("Limits", "50"))
        self.assertGreater(sum(group == "Limits" for group, _ in self.options.values()), 35)

    def test_every_limit_and_time_is_listed_with_its_default(self):
        self.assertEqual(missing(self.options, HARDENING.read_text()), [])

    def test_every_counter_that_a_limit_names_exists(self):
        limits = section(HARDENING.read_text(), "Limits")
        absent = [name for name in set(re.findall(r"togglecast_\w+", limits)) if f'"{name}"' not in self.sources]
        absent += [name for name in set(re.findall(r'`limit="(\w+)"`', limits)) if f'"{name}"' not in self.sources]
        self.assertEqual(absent, [])

    def test_every_label_of_passed_limits_is_listed(self):
        limits = section(HARDENING.read_text(), "Limits")
        for file in ("src/engineio/counters.cpp", "src/socketio/server.cpp"):
            for name in re.findall(r'case Limit::\w+:\s*return "(\w+)";', (ROOT / file).read_text()):
                self.assertIn(f'limit="{name}"', limits)

    def test_what_holds_over_several_nodes_names_options_that_exist(self):
        told = re.findall(r"`--([\w-]+)`", section(CLUSTER.read_text(), "Limits"))
        self.assertTrue(told)
        self.assertEqual([name for name in told if name not in self.options], [])


if __name__ == "__main__":
    unittest.main()
