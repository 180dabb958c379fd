#!/usr/bin/env python3
"""Clients of a cluster, and a change a second: how many are connected, how many have the newest change, how long that took.

    clients.py http://127.0.0.1:5000 300        TOGGLECAST_OWNER_PASSWORD has the owner's password

Each client is a WebSocket by hand, because the standard library has no Socket.IO. It comes back by itself, as stock clients do.
"""
import asyncio
import base64
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

base, count = sys.argv[1], int(sys.argv[2])
where = urlsplit(base)


class Api:
    """REST through the balancer. A write is repeated with its key until it is answered. A token that has expired is renewed."""

    token = None
    refresh_token = None

    def take(self, session):
        self.token, self.refresh_token = session['token'], session['refresh_token']

    def call(self, method, path, body=None, key=None, patience=60):
        end = time.monotonic() + patience
        while True:
            request = urllib.request.Request(base + path, method=method, data=None if body is None else json.dumps(body).encode())
            request.add_header('Content-Type', 'application/json')
            if self.token:
                request.add_header('Authorization', 'Bearer ' + self.token)
            if key:
                request.add_header('Idempotency-Key', key)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return json.load(answer), int(answer.headers.get('Togglecast-Revision') or 0)
            except urllib.error.HTTPError as error:
                if error.code == 401 and self.refresh_token and json.load(error).get('code') == 'token_expired':
                    mine, self.token, self.refresh_token = self.refresh_token, None, None
                    self.take(self.call('POST', '/api/v1/auth/refresh', {'refresh_token': mine})[0])
                    continue
                if error.code not in (429, 502, 503, 504) or time.monotonic() > end:
                    raise SystemExit(f'{method} {path} answered {error.code}: {error.read().decode()}') from error
            except OSError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.5)


def frame(text):
    """A masked text frame, below 64 KiB."""
    data, mask = text.encode(), random.randbytes(4)
    size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + len(data).to_bytes(2, 'big')
    return b'\x81' + size + mask + bytes(byte ^ mask[n & 3] for n, byte in enumerate(data))


async def messages(reader):
    """The text messages that the server sends, until it closes."""
    while True:
        first, size = await reader.readexactly(2)
        length = size & 0x7F
        if length >= 126:
            length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), 'big')
        data = await reader.readexactly(length)
        if first & 0x0F == 8:
            return
        if first & 0x0F == 1:
            yield data.decode()


class Client:
    revision = 0
    connected = False
    came_back = 0

    def __init__(self, crowd, token):
        self.crowd, self.token, self.resume = crowd, token, {}

    async def live(self):
        while True:
            try:
                await self.session()
            except (OSError, EOFError, ValueError):
                pass
            if self.connected:
                self.connected, self.came_back = False, self.came_back + 1
            await asyncio.sleep(0.5 + random.random())

    async def session(self):
        reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1 << 22)
        try:
            key = base64.b64encode(random.randbytes(16)).decode()
            writer.write((f'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n'
                          f'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n').encode())
            head = await reader.readuntil(b'\r\n\r\n')
            if b' 101 ' not in head.split(b'\r\n')[0]:
                return
            async for message in messages(reader):
                self.take(message, writer)
        finally:
            writer.close()

    def take(self, message, writer):
        if message[0] == '0':
            writer.write(frame('40/client,' + json.dumps({'token': self.token, **self.resume})))
        elif message == '2':
            writer.write(frame('3'))
        elif message.startswith('40/client,'):
            pid = json.loads(message[10:]).get('pid')
            if pid:
                self.resume['pid'] = pid
        elif message.startswith('42/client,'):
            event, *arguments = json.loads(message[10:])
            if len(arguments) == 2:
                self.resume['offset'] = arguments[1]
            if 'revision' in arguments[0]:
                self.connected = True
                self.revision = max(self.revision, arguments[0]['revision'])
                self.crowd.heard(self)


class Crowd:
    def __init__(self):
        self.clients, self.newest, self.since, self.took = [], 0, 0.0, None

    def heard(self, _client):
        if self.took is None and self.newest and all(one.revision >= self.newest for one in self.clients):
            self.took = time.monotonic() - self.since

    def changed(self, revision):
        self.newest, self.since, self.took = revision, time.monotonic(), None
        self.heard(None)

    def line(self):
        connected = sum(one.connected for one in self.clients)
        have = sum(one.revision >= self.newest for one in self.clients)
        took = '' if self.took is None else f' after {1000 * self.took:.0f} ms'
        back = sum(one.came_back for one in self.clients)
        return f'{time.strftime("%T")}  {connected} of {len(self.clients)} connected ({back} came back); revision {self.newest}: {have} have it{took}'


async def main():
    api = Api()
    owner = {'username': 'owner', 'password': os.environ['TOGGLECAST_OWNER_PASSWORD']}
    api.take(api.call('POST', '/api/v1/auth/login', owner)[0])
    platform = api.call('POST', '/api/v1/platforms', {'key': 'shop', 'name': 'Shop'})[0]
    tenant = api.call('POST', '/api/v1/clients', {'key': 'tenant', 'name': 'Tenant'})[0]
    token = api.call('POST', f'/api/v1/clients/{tenant["id"]}/tokens', {})[0]['token']
    crowd = Crowd()
    crowd.clients = [Client(crowd, token) for _ in range(count)]
    tasks = [asyncio.create_task(one.live()) for one in crowd.clients]

    async def change():
        enabled = platform['enabled']
        while True:
            enabled = not enabled
            key = base64.urlsafe_b64encode(random.randbytes(12)).decode()
            target = f'/api/v1/platforms/{platform["id"]}/toggle'
            _, revision = await asyncio.to_thread(api.call, 'POST', target, {'enabled': enabled}, key, 3600)
            crowd.changed(revision)
            await asyncio.sleep(1)

    tasks.append(asyncio.create_task(change()))
    while not tasks[-1].done():
        print(crowd.line(), flush=True)
        await asyncio.sleep(1)
    tasks[-1].result()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
