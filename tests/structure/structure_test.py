"""What the tree must look like. Each rule is also tried on a tree that breaks it, so that none can fall asleep."""

import pathlib
import re
import sys
import tempfile
import unittest

from include_table import ROOT, crowded, read_table, violations

TABLE = """
base:
wire: base
net: base
web: wire net
storage: base
storage/sqlite: storage
service: storage
service/accounts:
service/history: service/accounts
app: *
"""


# Folders that read what strangers send. They hold an observe::PeerLog: a line of theirs cannot flood the log.
ENTRANCES = ("net", "web", "engineio", "socketio", "http_api", "realtime", "app/process/refusal_log.hpp")


def plain_logs(source):
    """Places where an entrance names the log without the bucket."""
    for entrance in ENTRANCES:
        below = source / entrance
        for path in [below] if below.is_file() else sorted([*below.rglob("*.hpp"), *below.rglob("*.cpp")]):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"\bobserve::Log\b|observe/log\.hpp", line):
                    yield f"src/{path.relative_to(source)}:{number}: use observe::PeerLog here"


# An integer is one by its value: `25.0` too. Numbers of contexts and rules are no integers, and keep their type.
BY_TYPE = re.compile(r"\b(is|if|get|as)_u?int64\b")
READS_BY_VALUE = ("domain/schema/ids.cpp", "domain/entities/context.cpp", "domain/evaluation/", "base/", "wire/")


def integers_by_type(source):
    """Places that read an integer by the type that the parser chose."""
    for path in sorted([*source.rglob("*.hpp"), *source.rglob("*.cpp")]):
        name = str(path.relative_to(source))
        if name.startswith(READS_BY_VALUE):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if BY_TYPE.search(line):
                yield f"src/{name}:{number}: use domain::integer_in here"


# A loop keeps the temporary that it walks over alive, but in C++20 not one that gave it `.value()` or `.error()`.
OF_TEMPORARY = re.compile(r"for \([^;{}]*[^:]:[^:;{}][^;{}]*\)\s*\.(value|error)\(\)[^;{}]*\)\s*[\w{]")


def loops_over_temporaries(root):
    for folder in ("src", "tests", "bench", "examples", "fuzz"):
        for path in sorted([*(root / folder).rglob("*.hpp"), *(root / folder).rglob("*.cpp")]):
            text = path.read_text()
            for found in OF_TEMPORARY.finditer(text):
                yield f"{path.relative_to(root)}:{text.count(chr(10), 0, found.start()) + 1}: name the value before the loop"


# Timers that many connections arm in one moment are spread: `Shard::arm` does it. These have a reason for `arm_exactly`.
EXACT_TIMERS = {
    "engineio/session.cpp": "each session has an interval of its own",
    "engineio/upgrade_probe.cpp": "its deadline is drawn at the start; the look at it goes on until then",
    "engineio/departures.cpp": "each departure has a moment of its own",
    "realtime/telemetry/rate_sampler.cpp": "one for the process",
    "realtime/monitor/dashboard_history.cpp": "one for the process; each second begins for all nodes at once",
    "realtime/session/bounded_send.cpp": "the hold is drawn",
    "realtime/session/connection_auth.cpp": "the moment of the warning is drawn",
    "web/event_stream.hpp": "its owner draws the moment",
    "http_api/streams/streams.cpp": "each stream that is sent away has a moment of its own",
    "realtime/messages/shard_mailbox.cpp": "one for the shard; its moments are drawn",
}
# Where connections live, nothing waits in another way, but these, each once for the process.
WITH_CONNECTIONS = ("net", "web", "engineio", "socketio", "realtime", "http_api", "delivery")
OTHER_WAITS = {"net/memory_trim.cpp"}
WAITS = re.compile(r"\b(wait_for|wait_until|sleep_for|sleep_until)\(|\b(steady|system|high_resolution|deadline)_timer\b")


def timers_without_jitter(source):
    """Timers of connections that all fire in one moment, unless the tables above say why not."""
    for path in sorted([*source.rglob("*.hpp"), *source.rglob("*.cpp")]):
        name = str(path.relative_to(source))
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"src/{name}:{number}"
            if "arm_exactly(" in line and name != "net/shard.hpp" and name not in EXACT_TIMERS:
                yield f"{where}: use arm, or say in EXACT_TIMERS why all may fire at once"
            if re.search(r"wheel_?(\.|->)arm\(", line) and name not in ("net/shard.hpp", "net/timer_wheel.cpp"):
                yield f"{where}: use Shard::arm"
            if name.startswith(tuple(f"{folder}/" for folder in WITH_CONNECTIONS)) and WAITS.search(line) and name not in OTHER_WAITS:
                yield f"{where}: use Shard::arm"


def complaints(files):
    """The violations of a small tree: {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return list(violations(root, read_table(TABLE)))


class TheTable(unittest.TestCase):
    def test_permission_is_transitive(self):
        allowed = read_table(TABLE)
        self.assertEqual(allowed["web"], {"web", "wire", "net", "base"})
        self.assertEqual(allowed["app"], set(allowed))

    def test_a_folder_can_only_name_folders_above_its_line(self):
        with self.assertRaises(ValueError):
            read_table("wire: base\nbase:\n")


    def test_a_partition_needs_its_folder(self):
        with self.assertRaises(ValueError):
            read_table("base:\nweb/http: base\n")


class TheChecker(unittest.TestCase):
    def test_accepts_includes_that_point_down(self):
        files = {"base/a.hpp": "#include <string>\n",
                 "web/b.cpp": '#include "web/b.hpp"\n\n#include "base/a.hpp"\n', "web/b.hpp": ""}
        self.assertEqual(complaints(files), [])

    def test_refuses_an_include_that_points_up(self):
        self.assertEqual(len(complaints({"base/a.hpp": '#include "web/b.hpp"\n', "web/b.hpp": ""})), 1)

    def test_refuses_an_include_across_the_towers(self):
        found = complaints({"storage/a.cpp": '#pragma once\n  #  include "wire/b.hpp"\n', "wire/b.hpp": ""})
        self.assertEqual(found, ["src/storage/a.cpp:2: storage may not include wire/b.hpp"])

    def test_refuses_a_folder_that_the_table_does_not_name(self):
        self.assertEqual(len(complaints({"utils/a.hpp": ""})), 1)

    def test_refuses_includes_not_written_from_the_root(self):
        self.assertEqual(len(complaints({"base/a.hpp": '#include "b.hpp"\n', "base/b.hpp": ""})), 1)
        self.assertEqual(len(complaints({"base/a.hpp": "#include <base/b.hpp>\n", "base/b.hpp": ""})), 1)

    def test_refuses_a_source_that_does_not_begin_with_its_own_header(self):
        self.assertEqual(len(complaints({"base/a.cpp": '#include <string>\n#include "base/a.hpp"\n', "base/a.hpp": ""})), 1)

    def test_refuses_a_heavy_header_away_from_home(self):
        self.assertEqual(len(complaints({"storage/store.hpp": "#include <sqlite3.h>\n"})), 1)
        self.assertEqual(complaints({"storage/sqlite/store.cpp": "#include <sqlite3.h>\n"}), [])
        self.assertEqual(len(complaints({"storage/a.cpp": "#include <boost/asio/post.hpp>\n"})), 1)
        self.assertEqual(len(complaints({"service/accounts/a.cpp": "#include <curl/curl.h>\n"})), 1)


    def test_holds_partitions_to_the_table(self):
        down = {"service/accounts/a.hpp": '#include "storage/b.hpp"\n', "storage/b.hpp": "",
                "service/history/c.hpp": '#include "service/accounts/a.hpp"\n', "service/all.hpp": '#include "service/history/c.hpp"\n'}
        self.assertEqual(complaints(down), [])
        up = {"service/accounts/a.hpp": '#include "service/history/c.hpp"\n', "service/history/c.hpp": ""}
        self.assertEqual(complaints(up), ["src/service/accounts/a.hpp:1: service/accounts may not include service/history/c.hpp"])

    def test_refuses_an_include_both_ways_between_a_folder_and_its_partition(self):
        interface = {"storage/sqlite/a.hpp": '#include "storage/store.hpp"\n', "storage/store.hpp": ""}
        self.assertEqual(complaints(interface), [])
        self.assertEqual(len(complaints({"storage/store.hpp": '#include "storage/sqlite/a.hpp"\n', "storage/sqlite/a.hpp": ""})), 1)
        self.assertEqual(len(complaints({"service/accounts/a.hpp": '#include "service/all.hpp"\n', "service/all.hpp": ""})), 1)

    def test_leaves_an_implementation_to_the_wiring(self):
        files = {"storage/sqlite/a.hpp": "", "app/b.hpp": '#include "storage/sqlite/a.hpp"\n'}
        self.assertEqual(complaints(files), [])
        files["service/c.hpp"] = '#include "storage/sqlite/a.hpp"\n'
        self.assertEqual(complaints(files), ["src/service/c.hpp:1: service may not include storage/sqlite/a.hpp"])

    def test_refuses_a_partition_that_the_table_does_not_name(self):
        self.assertEqual(complaints({"web/cors/a.hpp": ""}), ["src/web/cors: not a folder of cmake/layers.txt"])

    def test_finds_an_entrance_that_logs_without_the_bucket(self):
        with tempfile.TemporaryDirectory() as folder:
            for entrance in ENTRANCES:
                path = pathlib.Path(folder) / entrance
                (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
                if path.suffix:
                    path.write_text("observe::PeerLog log_;\n")
            (pathlib.Path(folder) / "web/a.hpp").write_text("observe::Log& log_;\n")
            self.assertEqual(list(plain_logs(pathlib.Path(folder))), ["src/web/a.hpp:1: use observe::PeerLog here"])

    def test_finds_an_integer_that_is_read_by_its_type(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("service", "wire"):
                (pathlib.Path(folder) / name).mkdir()
                (pathlib.Path(folder) / name / "a.cpp").write_text("if (value.is_int64()) return;\n")
            self.assertEqual(list(integers_by_type(pathlib.Path(folder))), ["src/service/a.cpp:1: use domain::integer_in here"])

    def test_finds_a_timer_without_jitter(self):
        with tempfile.TemporaryDirectory() as folder:
            lines = {"web/a.cpp": "  shard.arm_exactly(*this, timeout);\n  shard.arm(*this, timeout);\n",
                     "net/b.cpp": "  wheel_.arm(node, deadline);\n", "realtime/c.cpp": "  std::this_thread::sleep_for(kPause);\n",
                     "engineio/d.hpp": "  boost::asio::steady_timer timer_;\n",
                     "engineio/session.cpp": "  shard_.arm_exactly(*this, delay);\n", "changes/e.cpp": "  wake_.wait_for(lock, pause);\n"}
            for name, text in lines.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
            found = [complaint.split(": ")[0] for complaint in timers_without_jitter(pathlib.Path(folder))]
            self.assertEqual(found, ["src/engineio/d.hpp:1", "src/net/b.cpp:1", "src/realtime/c.cpp:1", "src/web/a.cpp:1"])

    def test_finds_a_crowded_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.hpp", "a.cpp", "b.hpp"):
                (pathlib.Path(folder) / name).write_text("")
            self.assertEqual(list(crowded(pathlib.Path(folder), 3)), [])
            self.assertEqual(len(list(crowded(pathlib.Path(folder), 2))), 1)


class TheTree(unittest.TestCase):
    def test_every_include_is_allowed(self):
        found = list(violations(ROOT / "src", read_table((ROOT / "cmake/layers.txt").read_text())))
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_the_entrances_log_through_the_bucket_for_strangers(self):
        self.assertEqual(list(plain_logs(ROOT / "src")), [])

    def test_integers_are_read_by_value(self):
        self.assertEqual(list(integers_by_type(ROOT / "src")), [])

    def test_timers_of_connections_are_spread(self):
        self.assertEqual(list(timers_without_jitter(ROOT / "src")), [])

    def test_every_exact_timer_still_exists(self):
        gone = [name for name in EXACT_TIMERS if "arm_exactly(" not in (ROOT / "src" / name).read_text()]
        self.assertEqual(gone, [])

    def test_only_http_connections_tell_when_to_come_back(self):
        spread = (ROOT / "src/web/http_connection.cpp").read_text()
        self.assertEqual(spread.count("wire::http::serialize("), spread.count("spread_return(response, stream_->shard().jitter());"))

    def test_no_loop_walks_over_a_part_of_a_temporary(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "src").mkdir()
            (pathlib.Path(folder) / "src" / "a.cpp").write_text(
                "void f() {\n  for (const auto& row : reader().rows(\"a\").value())\n    use(row);\n"
                "  for (auto& member : *members) use(member.value());\n  for (int i = 0; i < g().value(); ++i) use(i);\n}\n")
            self.assertEqual(list(loops_over_temporaries(pathlib.Path(folder))), ["src/a.cpp:2: name the value before the loop"])
        self.assertEqual(list(loops_over_temporaries(ROOT)), [])

    def test_no_folder_is_crowded(self):
        self.assertEqual(list(crowded(ROOT / "src", 30)), [])

    def test_every_header_has_pragma_once(self):
        missing = [str(p) for p in (ROOT / "src").rglob("*.hpp") if "#pragma once\n" not in p.read_text()]
        self.assertEqual(missing, [])

    def test_every_folder_says_what_lives_there(self):
        missing = [p.name for p in (ROOT / "src").iterdir() if p.is_dir() and not (p / "README.md").is_file()]
        self.assertEqual(missing, [])

    def test_documents_name_files_that_exist(self):
        missing = []
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]:
            text = page.read_text()
            paths = re.findall(r"`((?:src|cmake|tests|tools|examples|docs)/[\w/.-]+)`", text)
            links = [target for target in re.findall(r"\]\(([^)#:\s]+)\)", text)]
            missing += [f"{page.name}: {p}" for p in paths if not (ROOT / p).exists()]
            missing += [f"{page.name}: {p}" for p in links if not (page.parent / p).exists()]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    folder = str(pathlib.Path(__file__).parent)  # all *_test.py in it
    result = unittest.main(module=None, argv=["structure", "discover", "-s", folder, "-p", "*_test.py"], exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
