"""The pure machines, held to the vectors that all clients share."""
import json
import os
import pathlib
import random
import stat
import tempfile
import unittest

from support import VECTORS
from togglecast import limit_of, value_of
from togglecast.copy import Copy
from togglecast.life import Input, Life, status_of, step
from togglecast.protocol import Details
from togglecast.storage import Storage, Stored, subject_of, view_of


def cases(name):
    return json.loads((VECTORS / name).read_text())["cases"]


def take(copy, one):
    """What the copy answers to a step of the vectors."""
    if "begin" in one:
        return copy.begin(one["begin"])
    if "hear" in one:
        return copy.hear(one["hear"])
    if "resume" in one:  # sessions of this client always begin with the full state
        state = copy.state
        return state is not None and state.epoch == one["resume"]["epoch"]
    return copy.cut()


class TheCopy(unittest.TestCase):
    def test_vectors(self):
        for case in cases("copy.json"):
            copy = Copy()
            for number, one in enumerate(case["steps"], 1):
                with self.subTest(case["name"], step=number):
                    changed, then, state = take(copy, one), one["then"], None
                    state = copy.state
                    expected = then["changed"]
                    self.assertEqual(changed, set(expected) if isinstance(expected, list) else expected)
                    self.assertEqual(state.revision if state else None, then["revision"])
                    if state:
                        self.assertEqual(state.epoch, then["epoch"])
                    if "flags" in then:
                        self.assertEqual({key: one.value for key, one in state.flags.items()}, then["flags"])
                    if "platforms" in then:
                        self.assertEqual({key: one["enabled"] for key, one in state.platforms.items()}, then["platforms"])
                    if "plan" in then:
                        self.assertEqual(state.plan and state.plan["key"], then["plan"])

    def test_dehydrated_it_begins_an_equal_copy(self):
        for case in cases("copy.json"):
            copy, other = Copy(), Copy()
            for one in case["steps"]:
                take(copy, one)
            if copy.state:
                other.begin(json.loads(json.dumps(copy.dehydrate())))
                self.assertEqual(other.state, copy.state, case["name"])

    def test_true_and_1_are_different_values(self):
        begin = cases("copy.json")[0]["steps"][0]["begin"]
        copy = Copy()
        copy.begin(begin)
        one = {**begin["features"][0], "value": 1}
        self.assertEqual(copy.hear({"kind": "feature", "feature_id": 1, "data": one, "revision": 6, "epoch": 1, "more": False}), {"chat"})

    def test_the_order_of_pushes_does_not_matter(self):
        begin = cases("copy.json")[0]["steps"][0]["begin"]

        def update(revision, number, on, more=False):
            data = None if on is None else {**begin["features"][0], "id": number, "key": f"f{number}", "value": on}
            return {"kind": "feature", "feature_id": number, "data": data, "revision": revision, "epoch": 1, "more": more}

        pushes = [update(6, 1, False, True), update(6, 2, True), update(7, 1, True), update(8, 2, None, True), update(8, 3, True), update(9, 3, False)]
        chance = random.Random(1)
        for _ in range(300):
            heard = pushes * 2
            chance.shuffle(heard)
            copy = Copy()
            copy.begin(begin)
            for one in heard:
                copy.hear(one)
            self.assertEqual(copy.state.revision, 9)
            self.assertEqual({key: one.value for key, one in copy.state.flags.items()}, {"f1": True, "f3": False}, heard)


class TheLife(unittest.TestCase):
    def test_vectors(self):
        for case in cases("life.json"):
            life = Life()
            for number, one in enumerate(case["steps"], 1):
                with self.subTest(case["name"], step=number):
                    event, then = dict(one["input"]), one["then"]
                    if "retryAfter" in event:
                        event["retry_after"] = event.pop("retryAfter")
                    what = step(life, Input(**event), one["at"], lambda: case.get("random", 0.5))
                    life = what.life
                    self.assertEqual((life.phase, what.connect, what.refresh), (then["phase"], then.get("connect"), then.get("refresh", False)))
                    if "status" in then:
                        self.assertEqual([status_of(life, False), status_of(life, True)], then["status"])


class Values(unittest.TestCase):
    def test_the_default_says_the_type(self):
        for value, default, expected in [
            (True, False, True), (False, True, False), (None, "x", "x"), ("a", "x", "a"), ("a", 1, 1), (1, "x", "x"), (True, 1, 1), (1, True, True),
            (7, 1, 7), (7.0, 1, 7), (7.5, 1, 1), (7, 1.5, 7.0), ([1], [], [1]), ({"a": 1}, {}, {"a": 1}), ([1], {}, {}), (7, None, 7),
        ]:
            answer = value_of(value, default)
            self.assertEqual((answer, type(answer)), (expected, type(expected)), (value, default))

    def test_a_value_that_is_changed_stays_what_it_was(self):
        value = {"a": [1]}
        value_of(value, {})["a"].append(2)
        self.assertEqual(value, {"a": [1]})

    def test_limits(self):
        answer = Details("chat", True, True, "on", "STATIC", "default_variant")
        self.assertEqual(limit_of(None), 0)
        self.assertEqual(limit_of(answer), float("inf"))
        self.assertEqual(limit_of(Details(**{**answer.__dict__, "limit": 3})), 3)
        self.assertEqual(limit_of(Details(**{**answer.__dict__, "enabled": False, "limit": 3})), 0)


class TheStorage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.storage = Storage(self.folder / "flags.json")

    def test_it_has_what_was_written_last_and_nothing_else(self):
        for revision in (1, 2):
            self.storage.write(Stored("view", 12.5, {"revision": revision}))
        self.assertEqual(self.storage.read(), Stored("view", 12.5, {"revision": 2}))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["flags.json"])
        self.assertEqual(stat.S_IMODE(os.stat(self.storage.path).st_mode), 0o600)
        self.storage.remove()
        self.storage.remove()
        self.assertIsNone(self.storage.read())

    def test_what_is_spoilt_is_no_state(self):
        for text in ("", "{", "null", "[]", "7", '{"version":1}', '{"version":2,"view":"","as_of":1,"state":{}}', "[" * 100_000,
                     '{"version":1,"view":"","as_of":"x","state":{}}', '{"version":1,"view":"","as_of":1,"state":7}', "\udcff"):
            (self.folder / "flags.json").write_bytes(text.encode("utf-8", "surrogateescape"))
            self.assertIsNone(self.storage.read(), text[:40])

    def test_a_write_that_fails_leaves_the_old_record(self):
        self.storage.write(Stored("view", 1, {"revision": 1}))
        os.mkdir(f"{self.storage.path}.{os.getpid()}.tmp")  # not even root can write here
        with self.assertRaises(OSError):
            self.storage.write(Stored("view", 2, {"revision": 2}))
        self.assertEqual(self.storage.read().state, {"revision": 1})

    def test_a_subject_is_equal_for_all_tokens_of_one_client(self):
        # {"iss":"a","env":"production","kind":"client","sub":"7","jti":"…"}
        import base64

        def token(**claims):
            return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".x"

        same = {"iss": "a", "env": "production", "kind": "client", "sub": "7"}
        self.assertEqual(subject_of(token(**same, jti="1")), subject_of(token(jti="22", **same)))
        self.assertNotEqual(subject_of(token(**same)), subject_of(token(**{**same, "sub": "8"})))
        self.assertNotIn("secret", subject_of("secret"))
        self.assertNotEqual(view_of("u", "s", None), view_of("u", "s", {"a": 1}))
        self.assertEqual(view_of("u", "s", {"b": 1, "a": 1}), view_of("u", "s", {"a": 1, "b": 1}))


if __name__ == "__main__":
    unittest.main()
