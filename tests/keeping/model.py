"""What the actions of one sender make of a room's streams."""


class Room:
    """A room with one sender. Its pushes are carried out in order, so what a room retains is what some prefix of them makes."""

    def __init__(self, name):
        self.name = name
        self.streams = {}  # key: [(seq, value)], oldest first
        self.bases = {}    # key: seq of its base
        self.seq = 0       # the greatest number that anybody heard
        self.pushes = []   # since the daemon started: (action, key, value, compact_seq, sent_at)
        self.heard = []    # likewise: (seq, key, value, heard_at) of each broadcast
        self.first = None  # likewise: the number of the first push

    def carry_out(self, push, seq):
        """The number that the next one gets."""
        action, key, value, compact_seq, _ = push
        stream = self.streams.get(key, [])
        if action == "compact":
            if compact_seq >= self.bases.get(key, 0):
                self.streams[key] = [(compact_seq, value)] + [entry for entry in stream if entry[0] > compact_seq]
                self.bases[key] = compact_seq
            return seq
        if action == "append":
            self.streams.setdefault(key, []).append((seq, value))
        elif action == "replace":
            self.streams[key] = [(seq, value)]
            self.bases.pop(key, None)
        return seq + 1

    def settle(self, found, at_least):
        """After a crash: carries out pushes until the streams are what was found. How many were carried out, or None where no
        number of them, at least `at_least`, makes what was found."""
        done = 0
        seq = self.first
        for push in self.pushes[:at_least]:
            seq = self.carry_out(push, seq)
            done += 1
        while not self.same(found):
            if done == len(self.pushes):
                return None
            seq = self.carry_out(self.pushes[done], seq)
            done += 1
        return done

    def same(self, found):
        return all(self.streams.get(key, []) == entries for key, entries in found.items())
