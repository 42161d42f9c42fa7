"""What is measured, and what has to hold.

A row runs each of its variants once a round and judges the medians: `judge` is given, by label, the list of what eddy_load
reported, and returns (cells by server, the figure against the target, whether it holds)."""

import collections
import statistics

Variant = collections.namedtuple("Variant", "label server arguments options")  # of eddy_load; -s of eddyd
SQLITE = {"plugins.sqlite.path": "{folder}/eddy.db"}  # as shipped, in batch
PEERS = ("bun", "uws", "ws")
RIVALS = ("bun", "uws")  # the better of these is what a ratio is against


def dig(result, key):
    for part in key.split("."):
        result = result[part]
    return result


def values(results, key):
    return [dig(result, key) for result in results]


def middle(results, key):
    return statistics.median(values(results, key))


def scaled(value):
    for size, mark in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{mark}" if value >= 10 * size else f"{value / size:.2f}{mark}"
    return f"{value:.3g}"


def quartiles(found):
    found = sorted(found)
    return (found[len(found) // 4], found[-1 - len(found) // 4])


def cell(results, key, form=scaled):
    """A median and half of how far the quartiles lie apart."""
    found = values(results, key)
    median = statistics.median(found)
    low, high = quartiles(found)
    spread = (high - low) / 2 / median if median else 0
    return form(median) + (f" ±{spread:.0%}" if len(found) > 1 else "")


def better(results, key, best=max):
    """The label of the better rival, or None where there is none."""
    there = [name for name in RIVALS if results.get(name)]
    return best(there, key=lambda name: middle(results[name], key)) if there else None


def ratio(results, ours, theirs, key):
    """Of runs of the same round: what disturbs both cancels out. The median, and the quartiles."""
    found = [dig(a, key) / dig(b, key) for a, b in zip(results[ours], results[theirs])]
    low, high = quartiles(found)
    return statistics.median(found), f"{low:.2f} to {high:.2f}"


class Row:
    key, target, peers = "per_cpu_second", "", PEERS
    closed = False  # a closed loop: the server or the generator has to be busy all the time
    session = True  # one server for all rounds; else a new one for each
    share = None  # of the better rival's saturation, for an open loop

    def __init__(self, name, what, arguments, **more):
        self.name, self.what, self.arguments = name, what, arguments.split()
        for name, value in more.items():
            setattr(self, name, value)

    def variants(self, there):
        found = [Variant("eddyd", "eddyd", self.arguments, SQLITE)]
        return found + [Variant(name, name, self.arguments, {}) for name in self.peers if name in there]

    def cells(self, results, form=scaled):
        return {name: cell(found, self.key, form) for name, found in results.items() if found}


class Ratio(Row):
    """Deliveries per second of server CPU, against the better rival. `bare` is no rival, but the limit of this machine."""
    closed, peers = True, (*PEERS, "bare")
    least = 0

    def judge(self, results):
        rival = better(results, self.key)
        if not rival:
            return self.cells(results), "nobody to compare with", None
        times, spread = ratio(results, "eddyd", rival, self.key)
        return self.cells(results), f"{times:.2f} times {rival} ({spread})", times >= self.least

    @property
    def target(self):
        return f"at least {self.least:g} times"


class Beside(Row):
    """eddyd against itself, with something else: how much it loses."""
    closed, peers = True, ()
    base, base_server, least = "", "eddyd", None

    def variants(self, there):
        base = Variant("base", self.base_server, self.base.split(), SQLITE if self.base_server == "eddyd" else {})
        return [Variant("eddyd", "eddyd", self.arguments, SQLITE), base]

    def judge(self, results):
        times, spread = ratio(results, "eddyd", "base", self.key)
        cells = {"eddyd": cell(results["eddyd"], self.key)}
        against = f"{times:.2f} times {cell(results['base'], self.key)} {self.without} ({spread})"
        return cells, against, None if self.least is None else times >= self.least

    @property
    def target(self):
        return "" if self.least is None else f"at least {self.least:g} times"


class Limit(Row):
    """One figure that may not be more (or less) than the target."""
    session, most, least = False, None, None
    unit, scale = "", 1
    minus = None  # another figure of the same run that is taken off

    def judge(self, results):
        def figure(result):
            return (dig(result, self.key) - (dig(result, self.minus) if self.minus else 0)) * self.scale

        flat = {name: [{"x": figure(result)} for result in found] for name, found in results.items()}
        cells = {name: cell(found, "x", lambda value: f"{value:,.4g}") for name, found in flat.items() if found}
        value = statistics.median(values(flat["eddyd"], "x"))
        holds = value <= self.most if self.most is not None else value >= self.least
        return cells, f"{value:,.4g} {self.unit}", holds

    @property
    def target(self):
        return f"at most {self.most:,g} {self.unit}" if self.most is not None else f"at least {self.least:,g} {self.unit}"


class Calm(Row):
    """Open loop at 30 % of what the better rival can do: its p99 (µs) may not be less than ours, but for noise."""
    key, share, peers = "latency_us.p99", 0.3, RIVALS
    target = "no more than the better, within noise"

    def judge(self, results):
        cells = {name: cell(found, self.key, lambda us: f"{us:.0f} µs") for name, found in results.items() if found}
        rival = better(results, self.key, min)
        if not rival:
            return cells, "nobody to compare with", None
        ours, theirs = values(results["eddyd"], self.key), values(results[rival], self.key)
        noise = max(high - low for low, high in (quartiles(ours), quartiles(theirs))) / 2
        holds = statistics.median(ours) <= statistics.median(theirs) + noise
        times, spread = ratio(results, "eddyd", rival, self.key)
        return cells, f"{times:.2f} times {rival} ({spread})", holds


class Stalled(Row):
    """The same with and without some who do not read: what the others' p99 becomes."""
    session, share, peers = False, 0.15, RIVALS
    target = "p99 under 1.5 times, at most 80 MiB"
    queue_all = 20 * 4 << 20

    def variants(self, there):
        found = []
        for name in ("eddyd", *(name for name in self.peers if name in there)):
            options = SQLITE if name == "eddyd" else {}
            found.append(Variant(name, name, [*self.arguments, "--stalled", "20"], options))
            found.append(Variant(name + " without", name, self.arguments, options))
        return found

    def judge(self, results):
        cells, holds = {}, None
        for name in ("eddyd", *self.peers):
            if not results.get(name):
                continue
            times, _ = ratio(results, name, name + " without", "latency_us.p99")
            grown = [dig(a, "resident_most") - dig(b, "resident_most") for a, b in zip(results[name], results[name + " without"])]
            cells[name] = f"×{times:.2f}, {statistics.median(grown) / 1048576:+.0f} MiB"
            if name == "eddyd":
                holds = times < 1.5 and statistics.median(grown) <= self.queue_all
        return cells, cells["eddyd"], holds


MANY = "flow --rooms 500 --members 10 --publishers 10 --window 1"
FAN = "flow --members 100"
FOLDED = "flow --rooms 100 --members 10 --action append --size 256 --fold 200"

ROWS = [
    Ratio("fan100", "one room of 100, 64 bytes", FAN, least=1.25),
    Ratio("fan1000", "one room of 1,000, 64 bytes", "flow --members 1000", least=1.3),
    Ratio("fan100-1k", "one room of 100, 1 KiB", FAN + " --size 1024", least=1.3),
    Ratio("fan1000-1k", "one room of 1,000, 1 KiB", "flow --members 1000 --size 1024", least=1.3),
    Ratio("rooms", "500 rooms of 10, all publish, 64 bytes", MANY, least=1.2),
    Ratio("rooms-1k", "500 rooms of 10, all publish, 1 KiB", MANY + " --size 1024", least=1.2),
    Ratio("single", "one room of 100, one outstanding message", FAN + " --window 1", least=1.0),
    Ratio("append", "100 rooms of 10, append of 256 bytes, fold at 200", FOLDED, least=1.2, peers=PEERS),
    Beside("bystanders", "fan100 with 10,000 idle connections besides", FAN + " --idle 10000", base=FAN, without="without", least=0.97),
    Calm("calm", "fan100 at 30 % of saturation: p99", FAN),
    Limit("memory", "an idle connection, subscribed: bytes", "idle --idle 10000 --members 1000", key="pss_each", most=2600, unit="bytes"),
    Stalled("stalled", "20 of 120 do not read, 1 KiB: p99, memory", FAN + " --size 1024 --seconds 5"),
    Limit("connects", "connects, per second of server CPU", "connects --idle 10000 --members 100", least=30, unit="thousand", scale=1e-3),
    Limit("close", "closing 10,000 at once holds the loop for (ms)", "close --idle 10000 --members 100", key="hold_us.max", most=50,
          unit="ms", scale=1e-3),
    Limit("newcomer", "a get of 10,000 delays another room by (ms)", "newcomer", key="during_us.p50", minus="calm_us.p50", most=5,
          unit="ms", scale=1e-3),
    Beside("keeping", "fan100 with the shipped plugins", FAN, base=FAN, base_server="eddyd-plain", without="without a plugin"),
    Beside("keeping-append", "append with the shipped plugins", FOLDED, base=FOLDED, base_server="eddyd-plain", without="without a plugin"),
    Beside("cbor", "fan100, all in CBOR", FAN + " --cbor 100", base=FAN, without="in JSON"),
    Beside("mixed", "fan100, half in CBOR", FAN + " --cbor 50", base=FAN, without="in JSON"),
    Beside("keys", "fan100, 8 keys, all subscribed to all", FAN + " --keys 8", base=FAN, without="with one key"),
    Beside("keys-some", "fan100, 8 keys, each subscribed to 4", FAN + " --keys 8 --subscribe 4", base=FAN, without="with one key"),
]
