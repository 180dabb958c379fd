"""The client against the real server."""
import asyncio
import contextlib
import json
import logging
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest
from unittest import mock

from support import DEADLINE, Proxy, Server, own, until
import togglecast

# A listener that fails would be seen here.
logging.basicConfig(level=logging.WARNING)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.end)
        cls.server.start()

    def client(self, world_or_token=None, url=None, **options):
        if world_or_token is not None:
            options["token"] = getattr(world_or_token, "token", world_or_token)
        client = togglecast.Client(url or self.server.url, **options)
        self.addCleanup(client.close)
        return client

    def proxy(self):
        proxy = Proxy(self.server)
        self.addCleanup(proxy.close)
        return proxy

    def shelf(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name) / "flags.json"


class Answers(Live):
    def test_admins_see_the_name_and_the_version_of_the_package(self):
        world = self.server.world()
        self.client(world).ready(DEADLINE)
        items = self.server.call("GET", f"/api/v1/connections?client={world.client['id']}")["items"]
        self.assertEqual([item["sdk"] for item in items], [f"togglecast-python/{togglecast.__version__}"])

    def test_flags_of_every_type_limits_platforms_and_the_plan(self):
        platform = self.server.call("POST", "/api/v1/platforms", {"key": own("web"), "name": "Web", "config": {"theme": "dark"}})
        world = self.server.world({
            "chat": {"sub_features": [{"key": "files"}]},
            "layout": {"variants": {"grid": "grid", "list": "list"}, "defaultVariant": "grid"},
            "rows": {"variants": {"few": 10, "many": 50}, "defaultVariant": "many"},
            "theme": {"variants": {"a": {"colour": "red"}}, "defaultVariant": "a"},
            "off": {"variants": {"a": "a"}, "defaultVariant": "a", "state": "DISABLED"},
            "closed": {"state": "DISABLED"},
        }, {"chat": 25, "closed": 3})
        client = self.client(world).ready(DEADLINE)

        self.assertIs(client.flag(world.key("chat"), False), True)
        self.assertIs(client.flag(f"{world.key('chat')}/files", False), True)
        self.assertEqual(client.flag(world.key("layout"), "list"), "grid")
        self.assertEqual(client.flag(world.key("rows"), 1), 50)
        self.assertEqual(client.flag(world.key("theme"), {}), {"colour": "red"})
        self.assertEqual(client.flag(world.key("off"), "default"), "default", "a denied text is the default of the code")
        self.assertIs(client.flag(world.key("closed"), True), False, "a denied boolean is false")
        self.assertEqual(client.flag("unknown", "default"), "default")
        self.assertEqual(client.flag(world.key("layout"), 7), 7, "another type")
        layout = world.key("layout")
        self.assertEqual(client.details(layout), togglecast.Details(layout, True, "grid", "grid", "STATIC", "default_variant"))
        self.assertIsNone(client.details("unknown"))
        self.assertEqual([client.limit(world.key(name)) for name in ("chat", "rows", "closed")], [25, float("inf"), 0])
        self.assertEqual(client.platform(platform["key"])["config"], {"theme": "dark"})
        self.assertEqual(client.plan()["key"], world.plan["key"])
        self.assertEqual(client.identity()["key"], world.client["key"])
        self.assertEqual((client.status, client.age(), client.snapshot.source), ("ready", 0, "server"))

    def test_a_change_names_the_keys_and_the_receipt_says_that_it_was_applied(self):
        world = self.server.world({"chat": {"sub_features": [{"key": "files"}]}})
        key = world.key("chat")
        client = self.client(world).ready(DEADLINE)
        heard = []
        leave = client.on_change(heard.append)
        self.server.toggle(world.features["chat"], False)
        until(lambda: heard, "the change")
        self.assertEqual(heard, [{key, f"{key}/files"}])
        self.assertIs(client.flag(key, True), False)

        revision = client.snapshot.state.revision
        until(lambda: self.server.call("GET", f"/api/v1/changes/{revision}/rollout")["stages"]["applied"]["connections"] == 1, "the receipt")
        leave()
        self.server.toggle(world.features["chat"], True)
        until(lambda: client.flag(key, False), "the next change")
        self.assertEqual(len(heard), 1)

    def test_over_polling(self):
        world = self.server.world({"chat": {}})
        client = self.client(world, transports=["polling"]).ready(DEADLINE)
        self.server.toggle(world.features["chat"], False)
        until(lambda: not client.flag(world.key("chat"), True), "the change")

    def test_a_listener_that_fails_stops_nothing_else(self):
        world = self.server.world({"chat": {}})
        client = self.client(world).ready(DEADLINE)
        heard = []

        def failing(_):
            raise RuntimeError("a mistake of the service")

        client.on_change(failing)
        client.on_change(heard.append)
        with self.assertLogs("togglecast", logging.ERROR):
            self.server.toggle(world.features["chat"], False)
            until(lambda: heard, "the change")

    def test_the_context_decides_at_the_login_and_later(self):
        world = self.server.world({"beta": {"targeting": {"if": [{"==": [{"var": "region"}, "eu"]}, "on", "off"]}}})
        key, proxy = world.key("beta"), self.proxy()
        client = self.client(world, url=proxy.url, context={"region": "eu"}).ready(DEADLINE)
        self.assertIs(client.flag(key, False), True)
        client.set_context({"region": "us"}, DEADLINE)
        self.assertIs(client.flag(key, True), False)
        with self.assertRaises(togglecast.TogglecastError) as refused:
            client.set_context({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, DEADLINE)
        self.assertEqual(refused.exception.code, "invalid_argument")
        proxy.let(False)
        until(lambda: client.status != "ready", "the loss")
        proxy.let(True)
        client.ready(DEADLINE)
        self.assertIs(client.flag(key, True), False, "the next connection has the same context")

        proxy.let(False)
        until(lambda: client.status != "ready", "the loss")
        replaced = threading.Thread(target=client.set_context, args=({"region": "eu"}, DEADLINE))
        replaced.start()
        proxy.let(True)
        replaced.join(DEADLINE)
        self.assertIs(client.flag(key, False), True, "one that was set without a connection")

    def test_a_context_that_cannot_be_used_is_an_error_and_costs_no_connection(self):
        world = self.server.world()
        errors = []
        client = self.client(world, connect=False, context={"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}})
        client.on_error(errors.append)
        client.connect()
        client.ready(DEADLINE)
        until(lambda: errors, "the warning")
        self.assertEqual(errors[0].code, "invalid_argument")

    def test_metrics_are_added_up_also_those_of_before_the_connection(self):
        proxy = self.proxy()
        proxy.let(False)
        client = self.client(self.server.world(), url=proxy.url)
        early = client.report_metrics([{"name": "early", "value": 1}])
        proxy.let(True)
        self.assertEqual(early.result(DEADLINE), {"accepted": 1, "dropped": 0})
        self.assertEqual(client.report_metrics([{"name": "late", "value": 2}]).result(DEADLINE), {"accepted": 1, "dropped": 0})
        with self.assertRaises(togglecast.TogglecastError) as refused:
            client.report_metrics([{"name": "not a name", "value": 2}]).result(DEADLINE)
        self.assertEqual(refused.exception.code, "invalid_argument")
        proxy.let(False)
        until(lambda: client.status == "offline", "the loss")
        waiting = [client.report_metrics([{"name": "many", "value": 1}]) for _ in range(101)]
        self.assertEqual(waiting[100].exception(DEADLINE).code, "rate_limited")
        client.close()
        self.assertEqual(waiting[0].exception(DEADLINE).code, "closed")

    def test_messages(self):
        world = self.server.world()
        client = self.client(world).ready(DEADLINE)
        heard = []
        client.on_message(lambda name, body: heard.append((name, body["title"])))
        self.server.call("POST", "/api/v1/broadcasts/send_client_notification",
                         {"client_id": world.client["id"], "title": "hello", "message": "you", "ack": "client", "ttl": 60, "retry": 1})
        until(lambda: heard, "the message")
        self.assertEqual(heard, [("client_notification", "hello")])

    def test_readers_see_whole_pushes(self):
        world = self.server.world({"a": {}, "b": {"requires": []}})
        self.server.call("PATCH", f"/api/v1/features/{world.features['b']['id']}", {"requires": [world.features["a"]["id"]]})
        client = self.client(world).ready(DEADLINE)
        over, torn = threading.Event(), []

        def read():
            while not over.is_set():
                flags = client.snapshot.state.flags
                if flags[world.key("a")].value is not flags[world.key("b")].value:
                    torn.append(flags)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for one in readers:
            one.start()
        until(lambda: client.snapshot.state.flags[world.key("b")].rule == "default_variant", "the first state")
        for on in (False, True) * 10:
            self.server.toggle(world.features["a"], on)
            until(lambda: client.flag(world.key("b"), not on) is on, "the change")
        over.set()
        for one in readers:
            one.join()
        self.assertEqual(torn, [])


class AwayAndBack(Live):
    def test_a_lost_connection_answers_and_catches_up(self):
        world, proxy = self.server.world({"chat": {}}), self.proxy()
        client = self.client(world, url=proxy.url, connect=False)
        told = []
        client.on_status(told.append)
        client.connect()
        client.ready(DEADLINE)
        proxy.let(False)
        until(lambda: client.status == "offline", "offline")
        self.server.toggle(world.features["chat"], False)
        self.assertIs(client.flag(world.key("chat"), False), True, "the last good state")
        self.assertGreaterEqual(client.age(), 0)
        with self.assertRaises(TimeoutError):
            client.ready(0)
        proxy.let(True)
        client.ready(DEADLINE)
        self.assertIs(client.flag(world.key("chat"), True), False)
        until(lambda: told == ["ready", "stale", "offline", "ready"], f"the statuses, not {told}")

    def test_a_change_right_behind_the_answer_to_a_login_stays(self):
        world, proxy = self.server.world({"chat": {}}), self.proxy()
        client = self.client(world, url=proxy.url, transports=["websocket"]).ready(DEADLINE)
        proxy.hold()
        moving = threading.Thread(target=client.set_context, args=({"region": "eu"}, DEADLINE))
        moving.start()
        until(lambda: b"server_time" in proxy.said(), "the answer")
        self.server.toggle(world.features["chat"], False)
        until(lambda: b"feature_update" in proxy.said(), "the change")
        proxy.release()
        moving.join()
        until(lambda: client.details(world.key("chat")).rule == "feature_disabled", "the answer without the feature")
        self.assertIs(client.flag(world.key("chat"), True), False)

    def test_a_service_that_restarts_answers_from_its_file_before_and_without_a_connection(self):
        world, proxy, shelf = self.server.world({"chat": {}}), self.proxy(), self.shelf()
        with self.client(world, url=proxy.url, storage=shelf) as first:
            first.ready(DEADLINE)
        self.assertTrue(shelf.exists())
        self.server.toggle(world.features["chat"], False)

        offline = self.client(world, url=proxy.url, storage=shelf, connect=False)
        self.assertEqual((offline.status, offline.snapshot.source, offline.flag(world.key("chat"), False)), ("stale", "storage", True))
        self.assertLess(offline.age(), 60)
        proxy.let(False)
        offline.connect()
        until(lambda: offline.status == "offline", "offline")
        self.assertIs(offline.flag(world.key("chat"), False), True)
        proxy.let(True)
        offline.ready(DEADLINE)
        self.assertIs(offline.flag(world.key("chat"), True), False)

    def test_the_file_follows_while_the_service_runs(self):
        world, shelf = self.server.world({"chat": {}}), self.shelf()
        client = self.client(world, storage=shelf).ready(DEADLINE)
        self.server.toggle(world.features["chat"], False)
        until(lambda: client.flag(world.key("chat"), True) is False, "the change")
        until(lambda: shelf.exists() and json.loads(shelf.read_text())["state"]["revision"] == client.snapshot.state.revision, "the file")
        client.forget()
        self.assertFalse(shelf.exists())

    def test_the_state_of_another_client_context_or_server_is_not_used(self):
        world, other, shelf = self.server.world({"chat": {}}), self.server.world(), self.shelf()
        self.client(world, storage=shelf).ready(DEADLINE).close()
        for options in ({"world_or_token": other}, {"world_or_token": world, "context": {"region": "eu"}}, {"world_or_token": world, "url": "http://else"}):
            client = self.client(**options, storage=shelf, connect=False)
            self.assertEqual((client.status, client.flag(world.key("chat"), False)), ("connecting", False))

    def test_a_token_that_is_got_later(self):
        world, other, shelf = self.server.world({"chat": {}}), self.server.world(), self.shelf()
        key = world.key("chat")
        self.client(world, storage=shelf).ready(DEADLINE).close()
        text = shelf.read_text()

        stranger = self.client(get_token=lambda refresh: other.token, storage=shelf, connect=False)
        seen = []
        stranger.on_change(lambda keys: seen.append(key in keys))
        stranger.connect()
        stranger.ready(DEADLINE)
        stranger.close()
        self.assertNotIn(True, seen)

        # Nobody can be asked: the last state is better than none, until it turns out whose it is.
        shelf.write_text(text)
        online = threading.Event()

        def get_token(refresh):
            if not online.is_set():
                raise OSError("no network")
            return other.token

        lost = self.client(get_token=get_token, storage=shelf)
        until(lambda: lost.flag(key, False), "the last state")
        self.assertEqual(lost.status, "offline")
        online.set()
        lost.ready(DEADLINE)
        self.assertIs(lost.flag(key, False), False)

    def test_a_storage_that_is_spoilt_or_cannot_be_written_costs_nothing_else(self):
        world, shelf = self.server.world({"chat": {}}), self.shelf()
        shelf.write_text('{"version": 1, "view": "x", "as_of": 1, "state": {"client": {"id": 1}}}')
        self.assertIs(self.client(world, storage=shelf).ready(DEADLINE).flag(world.key("chat"), False), True)
        with self.assertLogs("togglecast", logging.WARNING) as said:
            client = self.client(world, storage=shelf.parent / "missing" / "flags.json").ready(DEADLINE)
            until(lambda: said.records, "the warning")
            self.server.toggle(world.features["chat"], False)
            until(lambda: client.flag(world.key("chat"), True) is False, "the change")
            client.close()
        self.assertEqual(len(said.records), 1)

    def test_a_wrong_clock_costs_nothing(self):
        world, shelf, real = self.server.world({"chat": {}}), self.shelf(), time.time
        with mock.patch("time.time", lambda: real() + 86_400):
            self.client(world, storage=shelf).ready(DEADLINE).close()
        with mock.patch("time.time", lambda: real() - 86_400):
            client = self.client(world, storage=shelf, connect=False)
            self.assertEqual((client.flag(world.key("chat"), False), client.age()), (True, 0))
            client.connect()
            client.ready(DEADLINE)

    def test_a_server_that_restarts_finds_its_clients_where_they_were(self):
        server = Server()
        self.addCleanup(server.end)
        server.start()
        world = server.world({"chat": {}})
        client = self.client(world, url=server.url).ready(DEADLINE)
        for how in (signal.SIGTERM, signal.SIGKILL):
            server.stop(how)
            until(lambda: client.status != "ready", "the loss")
            self.assertIs(client.flag(world.key("chat"), False), True)
            server.start()
            client.ready(DEADLINE)

    def test_the_hints_of_the_server_are_obeyed(self):
        world = self.server.world()
        for transports in (["websocket"], ["polling"], ["websocket", "polling"]):
            proxy = self.proxy()
            proxy.answer = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            client = self.client(world, url=proxy.url, transports=transports)
            until(lambda: client.status == "offline", "the refusal")
            proxy.answer = None
            self.assertEqual(proxy.tries, 1, "one attempt, and a long pause")
            client.connect()  # not later: now
            client.ready(DEADLINE)
            client.close()

    def test_closing_ends_all_threads_and_connecting_begins_again(self):
        def threads():
            return [one for one in threading.enumerate() if one.name.startswith("togglecast")]

        until(lambda: not threads(), "the end of other tests")
        world = self.server.world({"chat": {}})
        client = self.client(world).ready(DEADLINE)
        client.close()
        self.assertEqual((client.status, client.flag(world.key("chat"), False)), ("offline", True))
        until(lambda: not threads(), "the end of the threads")
        with self.assertRaises(togglecast.TogglecastError) as refused:
            client.ready(DEADLINE)
        self.assertEqual(refused.exception.code, "closed")
        self.server.toggle(world.features["chat"], False)
        client.connect()
        client.ready(DEADLINE)
        self.assertIs(client.flag(world.key("chat"), True), False)
        client.close()
        client.close()


class Tokens(Live):
    def test_one_that_is_about_to_expire_is_renewed_on_the_same_connection(self):
        world, asked, told = self.server.world({"chat": {}}), [], []

        def get_token(refresh):
            asked.append(refresh)
            return self.server.issue(world.client["id"], expires_in=86_400 if refresh else 12)

        client = self.client(get_token=get_token, connect=False)
        client.on_status(told.append)
        client.connect()
        client.ready(DEADLINE)
        until(lambda: len(asked) == 2, "the renewal")
        expiry = time.monotonic() + 13
        until(lambda: time.monotonic() > expiry, "the expiry of the first token")
        self.assertEqual((asked, told, client.status), ([False, True], ["ready"], "ready"))

    def test_one_that_has_expired_is_replaced_after_a_pause(self):
        world, errors = self.server.world(), []
        issued = self.server.call("POST", f"/api/v1/clients/{world.client['id']}/tokens", {"expires_in": 1})
        expiry = time.monotonic() + 1.1
        until(lambda: time.monotonic() > expiry, "the expiry")
        client = self.client(get_token=lambda refresh: self.server.issue(world.client["id"]) if refresh else issued["token"], connect=False)
        client.on_error(lambda error: errors.append(error.code))
        client.connect()
        client.ready(DEADLINE)
        self.assertEqual(errors, ["token_expired"])

    def test_one_that_is_wrong_or_withdrawn_is_an_error_and_the_answers_stay(self):
        wrong = self.client("nonsense")
        with self.assertRaises(togglecast.TogglecastError) as refused:
            wrong.ready(DEADLINE)
        self.assertEqual((refused.exception.code, wrong.status), ("token_invalid", "error"))
        with self.assertRaises(togglecast.TogglecastError) as refused:
            wrong.set_context({"region": "eu"}, DEADLINE)
        self.assertEqual(refused.exception.code, "token_invalid")

        world = self.server.world({"chat": {}})
        issued = self.server.call("POST", f"/api/v1/clients/{world.client['id']}/tokens", {})
        client = self.client(issued["token"]).ready(DEADLINE)
        self.server.call("DELETE", f"/api/v1/clients/{world.client['id']}/tokens/{issued['id']}")
        until(lambda: client.status == "error", "the end")
        self.assertIs(client.flag(world.key("chat"), False), True)

    def test_one_way_to_get_it(self):
        for options in ({}, {"token": "a", "get_token": lambda refresh: "a"}):
            with self.assertRaises(ValueError):
                togglecast.Client(self.server.url, **options)


class WithAsyncio(Live):
    def test_it_follows_and_answers(self):
        world, other = self.server.world({"chat": {}}), []

        async def get_token(refresh):
            return world.token

        async def main():
            loop = asyncio.get_running_loop()
            async with togglecast.AsyncClient(self.server.url, get_token=get_token) as client:
                await client.ready(DEADLINE)
                heard = asyncio.Queue()
                client.on_change(heard.put)
                client.on_change(lambda keys: other.append(asyncio.get_running_loop() is loop))
                await loop.run_in_executor(None, self.server.toggle, world.features["chat"], False)
                self.assertEqual(await asyncio.wait_for(heard.get(), DEADLINE), {world.key("chat")})
                self.assertIs(client.flag(world.key("chat"), True), False)
                await client.set_context({"region": "eu"})
                self.assertEqual(await client.report_metrics([{"name": "m", "value": 1}]), {"accepted": 1, "dropped": 0})
            self.assertEqual(client.status, "offline")
            with self.assertRaises(togglecast.TogglecastError):
                await client.ready(DEADLINE)
            refused = togglecast.AsyncClient(self.server.url, token="nonsense")
            with self.assertRaises(togglecast.TogglecastError):
                await refused.ready(DEADLINE)
            await refused.close()
            with contextlib.closing(Proxy(self.server)) as proxy:
                proxy.let(False)
                late = togglecast.AsyncClient(proxy.url, token=world.token)
                with self.assertRaises(TimeoutError):
                    await late.ready(0.01)
                await late.close()

        asyncio.run(main())
        self.assertEqual(other, [True])


if __name__ == "__main__":
    unittest.main()
