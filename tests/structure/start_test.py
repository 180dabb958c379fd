"""./start before it installs or builds: what it refuses, in which words. apt-get, dpkg-query, cmake and sudo are stand-ins here
that note that they were called. And how it goes on where there is no npm."""

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


class WithoutNpm(unittest.TestCase):
    """./start to its end, on a PATH with the tools of a bare system. cmake and the server are stand-ins."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.programs, self.clone = pathlib.Path(folder.name) / "programs", pathlib.Path(folder.name) / "clone"
        self.sources = ("console/src/a.ts", "console/tools/t.mjs", "console/index.html", "console/package.json", "console/package-lock.json",
                        "console/tsconfig.json", "console/vite.config.ts", "clients/admin/src/a.ts", "clients/client/src/c.ts", "src/http_api/openapi/o.json")
        for name in ("start", "console/build", "tools/debian.sh", "tools/node.sh", "tools/check_options.awk", "src/app/config/option_table.cpp"):
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.clone / name)
        for name in (*self.sources, "console/node_modules/.installed-lock"):
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text("{}\n")
        self.programs.mkdir()
        for name in ("awk", "bash", "cat", "chmod", "cmp", "cp", "cut", "dirname", "env", "find", "grep", "install", "mkdir", "mv", "nproc", "rm", "sha256sum", "sh", "sort", "touch", "xargs"):
            (self.programs / name).symlink_to(shutil.which(name))
        self.program("dpkg-query", 'for name; do [[ $name != npm ]] || exit 1; done; echo installed')  # all but npm
        self.program("apt-get", 'echo apt-get >>"$CALLS"; echo "E: no network" >&2; exit 100')
        self.program("sudo", '"$@"')
        # It says whether it built the console into the server, as cmake/console.cmake does.
        self.program("cmake", 'if [[ $1 == --preset ]]; then mkdir -p "build/$2" && touch "build/$2/build.ninja"; exit; fi\nmkdir -p "$2/bin"\n'
                     '[[ -f $2/../console/dist/index.html ]] && has=a || has=no\n'
                     'printf \'#!/bin/sh\\necho "a server with %s console: $*"\\n\' "$has" >"$2/bin/togglecast" && chmod +x "$2/bin/togglecast"')

    def program(self, name, text):
        (self.programs / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
        (self.programs / name).chmod(0o755)

    def bring_npm(self):
        self.program("node", "echo v22.12.0")
        self.program("npm", 'mkdir -p "$TOGGLECAST_CONSOLE_OUT" && echo page >"$TOGGLECAST_CONSOLE_OUT/index.html" && echo npm >>"$CALLS"')

    def lose_npm(self):
        for name in ("npm", "node"):
            (self.programs / name).unlink()

    def start(self, *arguments, **more):
        """What the server said, what was said before it, and which programs were called."""
        calls, release = self.clone / "calls", self.clone / "os-release"
        calls.write_text("")
        release.write_text("ID=debian\nVERSION_ID=12\n")
        environment = {"PATH": str(self.programs), "HOME": str(self.clone), "CALLS": str(calls), "OS_RELEASE": str(release), "POLICY_RC_D": str(self.clone / "policy-rc.d"), **more}
        done = subprocess.run([self.clone / "start", *arguments], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr, calls.read_text().split()

    def test_builds_the_server_and_says_what_is_missing(self):
        server, said, called = self.start("--port", "5002")

        self.assertIn("a server with no console: serve --port 5002", server)
        self.assertIn("apt-get", called)
        self.assertIn("The web console needs npm, which is not installed: apt-get install npm", said)
        self.assertIn("The server starts without it. When that is mended, run ./start again; --without-console tries nothing.", said)

    def test_asks_nobody_for_npm_if_the_console_is_built_or_is_not_wanted(self):
        self.bring_npm()
        self.assertIn("with a console", self.start()[0])
        self.lose_npm()

        for arguments, console in (((), "a"), (("--without-console",), "no"), ((), "a")):
            server, said, called = self.start(*arguments)
            self.assertIn(f"with {console} console", server)
            self.assertNotIn("apt-get", called)
            self.assertNotIn("npm", said)

    @unittest.skipUnless(os.geteuid() == 0, "only root is somebody else under sudo")
    def test_tries_to_install_npm_once_under_sudo(self):
        self.program("getent", "echo caller:x:1000:1000::/home/caller:/bin/sh")
        self.program("setpriv", 'echo setpriv >>"$CALLS"; while [[ $1 == --* ]]; do shift; done; exec "$@"')

        _, _, called = self.start(SUDO_UID="1000", SUDO_GID="1000")

        self.assertEqual(called, ["apt-get", "setpriv"])

    def test_says_when_the_console_is_an_older_one(self):
        self.bring_npm()
        self.start()
        self.lose_npm()
        (self.clone / self.sources[0]).write_text("changed\n")

        server, said, _ = self.start()

        self.assertIn("with a console", server)
        self.assertIn("with the one that was built before, which may be older than the server", said)

    def test_leaves_the_console_out_although_it_was_built_before_and_builds_it_no_second_time(self):
        self.bring_npm()
        self.assertIn("with a console", self.start()[0])

        self.assertIn("with no console", self.start("--without-console")[0])
        self.assertIn("with no console", self.start("--without-console")[0])
        server, _, called = self.start()

        self.assertIn("with a console", server)
        self.assertNotIn("npm", called)
