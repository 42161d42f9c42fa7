"""The cores that a measurement has, and whether anybody else was on them while it ran; a network of its own."""

import ctypes
import os
import platform
import re
import subprocess


CLONE_NEWNET = 0x40000000
CONGESTION = "/proc/sys/net/ipv4/tcp_congestion_control"


def own_network():
    """As root: a network namespace, so that the machine's firewall, its other connections and its congestion control have no
    part in what is measured: bbr paces what it sends by timers, which is for real networks. Returns a line for the table."""
    made = os.geteuid() == 0 and ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
    if made:
        made = subprocess.run(["ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0
        if not made:
            raise SystemExit("made a network namespace, but `ip link set lo up` does not work in it (Debian: apt-get install iproute2)")
    with open(CONGESTION) as file:
        congestion = file.read().strip()
    if made and congestion not in ("reno", "cubic"):
        with open(CONGESTION, "w") as file:
            file.write("reno")
        congestion = "reno"
    return f"{'a network namespace of its own' if made else 'the network namespace of the machine'}, congestion control: {congestion}"


def siblings(core):
    try:
        with open(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list") as file:
            text = file.read()
    except OSError:
        return {core}
    found = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def two_cores():
    """One for the server, one for the generator, and not two threads of one core where that can be avoided."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise SystemExit("it takes two cores: one for the server, one for the generator")
    apart = [core for core in allowed[1:] if core not in siblings(allowed[0])]
    return allowed[0], (apart or allowed[1:])[0]


def describe(cores):
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
        model = found.group(1).strip() if found else model
    return f"{model}, {os.cpu_count()} cores (server on {cores[0]}, generator on {cores[1]}), Linux {platform.release()}"


def core_times(cores):
    """Seconds that these cores were busy, and that the host took away."""
    busy = stolen = 0
    tick = os.sysconf("SC_CLK_TCK")
    with open("/proc/stat") as file:
        for line in file:
            words = line.split()
            if words and words[0] in {f"cpu{core}" for core in cores}:
                user, nice, system, _idle, _wait, irq, softirq, steal = map(int, words[1:9])
                busy += user + nice + system + irq + softirq
                stolen += steal
    return busy / tick, stolen / tick


def process_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def soft_interrupts(cores):
    """The kernel's threads that go on with what loopback brought when there is much of it: they work for both."""
    names = {f"ksoftirqd/{core}" for core in cores}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                if file.read().strip() in names:
                    found.append(int(pid))
        except OSError:
            pass
    return found


class Watch:
    """What went on beside the measurement, as shares of the time of both cores."""

    FOREIGN_MOST = 0.04
    STOLEN_MOST = 0.02

    def __init__(self, cores, pid):
        self.cores, self.pids = cores, [pid, *soft_interrupts(cores)]
        self.busy, self.stolen = core_times(cores)
        self.used = sum(map(process_time, self.pids))
        self.began = os.times().elapsed

    def judge(self, generator_seconds):
        """Why the run is not to be believed; None where it is."""
        busy, stolen = core_times(self.cores)
        both = 2 * (os.times().elapsed - self.began)
        ours = sum(map(process_time, self.pids)) - self.used + generator_seconds
        foreign = (busy - self.busy - ours) / both
        stolen = (stolen - self.stolen) / both
        if foreign > self.FOREIGN_MOST:
            return f"others used {foreign:.0%} of both cores"
        if stolen > self.STOLEN_MOST:
            return f"the host took {stolen:.0%} of both cores"
        return None
