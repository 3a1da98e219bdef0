"""Tables of what was measured, for the terminal and for docs/performance.md."""
import platform
import re
import statistics
import subprocess
import time



def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _ratio(value, base):
    return f"{value / base:.2f}" if base else "-"


def _output(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def machine():
    """One sentence about where and when this was measured."""
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.partition(":")[2].strip() for line in f if line.startswith("model name")), model)
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cores = sum(1 for line in f if line.startswith("processor"))
    sipp = re.search(r"SIPp v(\d[\d.]*\d)", _output("sipp", "-v"))
    kamailio = re.search(r"kamailio (\d[\d.]*\d)", _output("kamailio", "-v"))
    return (f"Measured {time.strftime('%Y-%m-%d')} on {cores} cores of {model}, Linux {platform.release()}, generators on the "
            f"same cores; sipp {sipp.group(1) if sipp else '?'}, Kamailio {kamailio.group(1) if kamailio else '?'}.")


def cost(costs, titles):
    """CPU per call. costs: {switch: {rate: [run, ...]}}; the median of the runs counts."""
    rates = sorted({rate for runs in costs.values() for rate in runs})
    medians = {name: {rate: statistics.median(run["cpu_us"] for run in runs) for rate, runs in of.items()}
               for name, of in costs.items()}
    head = ["CPU per call, µs (user and system)"]
    for rate in rates:
        head += [f"{rate} calls/s", "to Kamailio tlsf", "to the floor"]
    head += ["failed", "sipp repeated", "switch repeated"]
    rows = []
    for name, of in costs.items():
        row = [titles[name]]
        for rate in rates:
            value = medians[name][rate]
            row += [f"{value:.0f}", _ratio(value, medians.get("kamailio-tlsf", {}).get(rate)),
                    _ratio(value, medians.get("floor", {}).get(rate))]
        runs = [run for rate in rates for run in of[rate]]
        row += [f"{sum(run['failed'] for run in runs)} of {sum(run['calls'] for run in runs)}",
                str(sum(run["sipp_retransmissions"] for run in runs)), str(sum(run["switch_retransmissions"] for run in runs))]
        rows.append(row)
    return _table(head, rows)


def latency(results, titles):
    """Added latency. results: {switch: latency run}."""
    rate = next(iter(results.values()))["rate"]
    head = [f"Added latency at {rate} calls/s, µs"]
    kinds = ("INVITE", "200 OK")
    for kind in kinds:
        head += [f"{kind} p50", "p90", "p99"]
    rows = []
    for name, result in results.items():
        row = [titles[name]]
        for kind in kinds:
            row += ["-" if result[kind][p] is None else f"{result[kind][p]:.0f}" for p in ("p50", "p90", "p99")]
        rows.append(row)
    return _table(head, rows)


def held(results, titles):
    """Memory and CPU of held calls. results: {switch: hold run}."""
    calls = next(iter(results.values()))["calls"]
    head = [f"{calls} calls held", "KiB per call (Pss)", "KiB per call (Rss)", "KiB before the calls (Pss)", "CPU while holding, % of a core",
            "failed"]
    rows = [[titles[name], f"{r['pss_kib']:.2f}", f"{r['rss_kib']:.2f}", f"{r['base_kib']}", f"{r['idle_percent']:.2f}",
             str(r["failed"])] for name, r in results.items()]
    return _table(head, rows)


def parsing(rows):
    """What tandem-bench measured: a list of {name, value, unit}."""
    return _table(["Parts", "measured"], [[row["name"], f"{row['value']:g} {row['unit']}"] for row in rows])


def held_with_timers(results):
    """Open calls with session timers. results: {calls: what was measured while they were held}."""
    columns = list(results.values())
    rows = [
        ("calls up", lambda r: str(r["up"])),
        ("CPU while holding, % of a core", lambda r: f"{r['percent']:.2f}"),
        ("watched for, s", lambda r: f"{r['seconds']:.0f}"),
        ("messages sent meanwhile (of them again)", lambda r: f"{r['messages']} ({r['repeated']})"),
        ("µs per message sent", lambda r: f"{r['us']:.0f}"),
        ("KiB per call (Rss)", lambda r: f"{r['rss']:.2f}"),
        ("KiB before the calls (Rss)", lambda r: str(r["base"])),
        ("start after kill -9 until OPTIONS is answered, s", lambda r: ", ".join(f"{start[0]:.2f}" for start in r["starts"])),
        ("start after kill -9 until INVITE is answered, s", lambda r: ", ".join(f"{start[1]:.2f}" for start in r["starts"])),
        ("calls up after each start", lambda r: ", ".join(str(start[2]) for start in r["starts"])),
        ("cores used by other processes meanwhile", lambda r: f"{r['others']:.2f}")]
    session = columns[0]["session"]
    head = [f"Open calls, session timer of {session} s on both legs", *(f"{calls} calls" for calls in results)]
    return _table(head, [[name, *(form(column) for column in columns)] for name, form in rows])


def write(path, text, name="bench"):
    """Replaces what stands between the markers of this name in the document."""
    opening, closing = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    with open(path, encoding="utf-8") as f:
        document = f.read()
    before, begin, rest = document.partition(opening)
    _, marker, after = rest.partition(closing)
    if not begin or not marker:
        raise ValueError(f"{path} has no {opening} and {closing}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{before}{opening}\n{text}\n{closing}{after}")
