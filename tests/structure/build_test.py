"""`build` of tools/debian.sh: when it configures. CMake and dpkg-query are stand-ins here that note how they were called.
`stays_below` of tools/disk.sh: what it counts."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

CMAKE = """#!/bin/bash
case $1 in
  --preset)
    mkdir -p "build/$2" && touch "build/$2/build.ninja"
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$2/CMakeCache.txt"
    echo "configure $*" >>"$CALLS" ;;
  --build) echo "build ${*: -1}" >>"$CALLS" ;;
esac
"""
DPKG_QUERY = '#!/bin/bash\ncat "$PACKAGES"\nexit 1\n'  # as the real one, when it does not know one of the packages


class Clone:
    """A clone with nothing in it but presets."""

    def __init__(self, folder):
        self.outside = pathlib.Path(folder)
        self.root = self.outside / "clone"
        self.calls, self.packages = self.outside / "calls", self.outside / "packages"
        (self.root / "build").mkdir(parents=True)
        (self.root / "CMakePresets.json").write_text("{}")
        self.packages.write_text("g++ 1 installed\n")
        for name, text in {"cmake": CMAKE, "dpkg-query": DPKG_QUERY}.items():
            (self.outside / name).write_text(text)
            (self.outside / name).chmod(0o755)

    def build(self):
        """What CMake was called for: 'configure …' and 'build …'."""
        self.calls.write_text("")
        environment = {**os.environ, "PATH": f"{self.outside}:{os.environ['PATH']}", "CALLS": self.calls, "PACKAGES": self.packages}
        script = f'root="{self.root}"; source "{ROOT}/tools/debian.sh"; build release togglecast'
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, check=True)
        return self.calls.read_text().splitlines()


class Building(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clone = Clone(folder.name)

    def test_configures_at_first_and_then_no_more(self):
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])
        self.assertEqual(self.clone.build(), ["build togglecast"])

    def test_configures_again_when_packages_were_installed(self):
        self.clone.build()
        self.clone.packages.write_text("g++ 1 installed\nlibgtest-dev 1 installed\n")
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])
        self.assertEqual(self.clone.build(), ["build togglecast"])

    def test_start_and_check_find_each_others_packages_in_both_orders(self):
        alone, with_tests = "g++ 1 installed\n", "g++ 1 installed\nlibgmock-dev 1 installed\nlibgtest-dev 1 installed\n"
        self.clone.packages.write_text(alone)
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])  # ./start
        self.clone.packages.write_text(with_tests)
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])  # ./check
        self.assertEqual(self.clone.build(), ["build togglecast"])  # ./start again
        shutil.rmtree(self.clone.root / "build/release")
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])  # ./check first
        self.assertEqual(self.clone.build(), ["build togglecast"])  # then ./start

    def test_configures_again_when_the_presets_changed(self):
        self.clone.build()
        past = self.clone.root / "build/release/build.ninja"
        os.utime(past, (1, 1))
        self.assertEqual(self.clone.build(), ["configure --preset release", "build togglecast"])

    def test_starts_afresh_when_the_clone_was_moved(self):
        self.clone.build()
        moved = self.clone.outside / "moved"
        shutil.move(self.clone.root, moved)
        self.clone.root = moved
        self.assertEqual(self.clone.build(), ["configure --preset release --fresh", "build togglecast"])


class Disk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.outside = pathlib.Path(folder.name)

    def write(self, name, megabytes):
        file = self.outside / "build" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * (megabytes * 1_000_000))

    def stays_below(self, *arguments):
        """(status, what it says)."""
        script = f'source "{ROOT}/tools/disk.sh"; stays_below "$@"'
        done = subprocess.run(["bash", "-uo", "pipefail", "-c", script, "bash", *arguments], cwd=self.outside, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_a_folder_above_its_limit_fails(self):
        self.write("release/program", 3)
        status, said = self.stays_below("5", "build")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"^build/ takes [34] MB, and may take 5\n$")

        self.write("tsan/program", 3)
        status, said = self.stays_below("5", "build")
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"^build/ takes [67] MB, more than the 5 that it may take\n$")

    def test_folders_that_are_left_out_do_not_count(self):
        self.write("release/program", 3)
        self.write("dev/program", 3)
        self.write("tsan/dev", 1)
        status, said = self.stays_below("5", "build", "dev", "coverage")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"^build/ takes [45] MB", "folders of that name elsewhere count")
        self.assertEqual(self.stays_below("5", "build", "coverage")[0], 1)

    def test_a_folder_that_is_not_there_is_not_within_its_limit(self):
        self.assertEqual(self.stays_below("5", "build")[0], 1)
