"""Many WebSockets in one process, without a thread each."""

import json
import select
import time

import client


def frames(buffer):
    """Takes the whole frames of a server off the front: (opcode, payload) of each."""
    while len(buffer) >= 2:
        length, at = buffer[1], 2
        if length >= 126:
            at = 4 if length == 126 else 10
            if len(buffer) < at:
                return
            length = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + length:
            return
        opcode, payload = buffer[0] & 15, bytes(buffer[at:at + length])
        del buffer[:at + length]
        yield opcode, payload


def message(**fields):
    return client.frame(client.TEXT, json.dumps(fields).encode())


class Echo:
    """A room with three members; one of them says the next number when all have heard the last."""

    def __init__(self, address, room):
        self.members = [client.WebSocket(address, f"/room/{room}/connect", "localhost") for _ in range(3)]
        self.heard = [0, 0, 0]
        self.sent = 0
        self.say()

    def say(self):
        self.sent += 1
        self.members[0].socket.sendall(message(type="push", key="k", action={"type": "relay"}, value=self.sent))

    def take(self, i):
        member = self.members[i]
        data = member.socket.recv(65536)
        assert data, "a connection was closed"
        member.buffer += data
        for opcode, payload in frames(member.buffer):
            assert opcode != client.CLOSE, "a connection was closed"
            if opcode != client.TEXT:
                continue
            said = json.loads(payload)
            assert said.get("value") == self.heard[i] + 1 == said.get("seq"), f"{said} after {self.heard[i]}"
            self.heard[i] += 1

    @staticmethod
    def pump(echoes, seconds):
        """Listens for so long, and goes on where all have heard."""
        places = {member.socket: (echo, i) for echo in echoes for i, member in enumerate(echo.members)}
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for ready in select.select(list(places), [], [], left)[0]:
                echo, i = places[ready]
                echo.take(i)
                if min(echo.heard) == echo.sent:
                    echo.say()

    def finish(self):
        """Hears the last; how many there were."""
        for i, member in enumerate(self.members):
            while self.heard[i] < self.sent:
                member.socket.settimeout(30)
                self.take(i)
            member.close()
        return self.sent


class Crowd:
    """Members in rooms: most of them quiet, five in each room hear all that is said there, and one of those speaks."""

    def __init__(self, address, rooms, count):
        self.poll = select.epoll()
        self.members = {}
        self.closes, self.codes = [], []
        self.heard = {room: {} for room in rooms}  # value to number, of what anybody has heard
        self.speakers = []
        self.said = self.heard_while_leaving = 0
        self.leaving = False
        for i in range(count):
            room = rooms[i % len(rooms)]
            member = client.WebSocket(address, f"/room/{room}/connect", "localhost")
            member.room = room
            if i < len(rooms):
                self.speakers.append(member)
            if i >= 5 * len(rooms):
                member.socket.sendall(message(type="get", key="nothing", seq=None))
            member.socket.setblocking(False)
            self.members[member.socket.fileno()] = member
            self.poll.register(member.socket.fileno(), select.EPOLLIN)

    def speak(self):
        self.said += 1
        for member in self.speakers:
            try:
                member.socket.send(message(type="push", key="k", action={"type": "append"}, value=self.said))
            except OSError:
                pass

    def gone(self, member, payload):
        self.closes.append(time.monotonic())
        self.codes.append(int.from_bytes(payload[:2], "big") if payload else None)
        self.speakers = [other for other in self.speakers if other is not member]
        self.poll.unregister(member.socket.fileno())
        del self.members[member.socket.fileno()]
        try:
            member.socket.send(client.frame(client.CLOSE, payload[:2]))
        except OSError:
            pass
        member.close()

    def take(self, member):
        try:
            data = member.socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        member.buffer += data
        for opcode, payload in frames(member.buffer):
            if opcode == client.CLOSE:
                self.gone(member, payload)
                return
            if opcode == client.TEXT and (said := json.loads(payload))["type"] == "push":
                self.heard[member.room][said["value"]] = said["seq"]
                self.heard_while_leaving += self.leaving
        if not data:
            self.gone(member, b"")

    def talk(self, seconds, done=lambda: False):
        """Speaks ten times a second, and listens."""
        end, turn = time.monotonic() + seconds, 0.0
        while time.monotonic() < end and not done():
            if time.monotonic() >= turn:
                turn = time.monotonic() + 0.1
                self.speak()
            for fd, _ in self.poll.poll(0.02):
                self.take(self.members[fd])

    def see_out(self, done, until):
        """Until the other side has ended."""
        self.leaving = True
        self.talk(until - time.monotonic(), done)
        for member in list(self.members.values()):
            self.take(member)
        self.poll.close()
