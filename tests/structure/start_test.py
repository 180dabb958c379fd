"""./start before it installs or builds: what it refuses, in which words. apt-get, dpkg-query, cmake and sudo are stand-ins here
that note that they were called."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/app/config/option_table.cpp"


class Starting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.outside = pathlib.Path(folder.name)
        self.clone = self.outside / "clone"
        for name in ("start", "tools/debian.sh", "tools/node.sh", "tools/check_options.awk", "src/app/config/option_table.cpp"):
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.clone / name)
        for name in ("apt-get", "dpkg-query", "cmake", "sudo"):
            (self.outside / name).write_text(f'#!/bin/bash\necho {name} >>"$CALLS"\nexit 1\n')
            (self.outside / name).chmod(0o755)

    def start(self, *arguments, system="ID=debian\nVERSION_ID=12\n"):
        """The exit code, what was said, and which programs were called."""
        calls, release = self.outside / "calls", self.outside / "os-release"
        calls.write_text("")
        release.write_text(system)
        environment = {**os.environ, "PATH": f"{self.outside}:{os.environ['PATH']}", "CALLS": calls, "OS_RELEASE": release,
                       "POLICY_RC_D": self.outside / "policy-rc.d"}
        done = subprocess.run([self.clone / "start", *arguments], env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr, set(calls.read_text().split())

    def refuses(self, arguments, words):
        code, said, called = self.start(*arguments)
        self.assertEqual((code, called), (2, set()), said)
        self.assertIn(words, said)

    def test_refuses_the_first_wrong_option_before_anything_is_done(self):
        self.refuses(["--prot", "80", "--port", "x"], "unknown argument '--prot'; did you mean --port?")
        self.refuses(["--port", "x", "--prot", "80"], "--port: 'x' is not a number")
        self.refuses(["--demo", "--tls-cert=a.pem"], "did you mean --tls-certificate?")
        self.refuses(["--port"], "--port: needs a value")
        self.refuses(["now"], "unknown argument 'now'")

    def test_lets_every_option_of_the_server_pass(self):
        specs = re.findall(r'\{\s*k\w+,\s*"([a-z0-9-]+)",\s*"([^"]*)"', TABLE.read_text())
        self.assertGreater(len(specs), 30)
        for name, value in specs:
            arguments = [f"--{name}"] + (["1"] if value else [])
            self.assertIn("dpkg-query", self.start(*arguments)[2], arguments)

    def test_takes_serve_as_one_would_write_it_for_the_server(self):
        self.assertIn("dpkg-query", self.start("serve", "--demo")[2])

    def test_names_an_unsupported_system_before_apt_is_called(self):
        code, said, called = self.start(system='ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n')
        self.assertNotEqual(code, 0)
        self.assertIn("This is Ubuntu 24.04 LTS.", said)
        self.assertNotIn("apt-get", called)
        self.assertNotIn("sudo", called)

    def test_installs_on_debian_12(self):
        self.assertTrue(self.start()[2] & {"apt-get", "sudo"})
