"""Packs that extract to something else than they seem to hold, made by Python's tarfile.

forge.py forge HONEST FOLDER       writes FOLDER/*.tar, of which honest-*.tar hold what HONEST holds
forge.py extract LIST              extracts each of `tar<TAB>folder` of the lines of LIST
"""

import io
import signal
import sys
import tarfile
import warnings

FORGED = b'{"action":"forged"}\n'
ENTRIES = "entries.ndjson"


def members(honest):
    with tarfile.open(honest) as tar:
        return [(info.name, tar.extractfile(info).read()) for info in tar]


def plain(name, body, **fields):
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, body


def write(path, items, **options):
    with tarfile.open(path, "w", **options) as tar:
        for info, body in items:
            tar.addfile(info, io.BytesIO(body))


def special(name, kind, target=""):
    return plain(name, b"", type=kind, linkname=target)


# Another member that a tool extracts over the entries, beside them, or instead of them.
INTRUDERS = {
    "twin": plain(ENTRIES, FORGED),
    "twin-dot": plain("./" + ENTRIES, FORGED),
    "twin-dots": plain("././" + ENTRIES, FORGED),
    "twin-slashes": plain(".//" + ENTRIES, FORGED),
    "twin-absolute": plain("/" + ENTRIES, FORGED),
    "twin-parent": plain("proofs/../" + ENTRIES, FORGED),
    "twin-case": plain("Entries.NDJSON", FORGED),
    "twin-long": plain("./" * 60 + ENTRIES, FORGED),
    "twin-pax-path": plain("decoy", FORGED, pax_headers={"path": ENTRIES}),
    "twin-pax-path-dot": plain("decoy", FORGED, pax_headers={"path": "./" + ENTRIES}),
    "twin-pax-size": plain(ENTRIES, FORGED, pax_headers={"size": "20"}),
    "twin-pax-sparse": plain(
        "decoy",
        FORGED,
        pax_headers={"GNU.sparse.name": ENTRIES, "GNU.sparse.size": "20", "GNU.sparse.map": "0,20"},
    ),
    "twin-contiguous": plain(ENTRIES, FORGED, type=tarfile.CONTTYPE),
    "twin-old-type": plain(ENTRIES, FORGED, type=tarfile.AREGTYPE),
    "twin-unknown-type": plain(ENTRIES, FORGED, type=b"Z"),
    "hard-link": special(ENTRIES, tarfile.LNKTYPE, "log.json"),
    "soft-link": special(ENTRIES, tarfile.SYMTYPE, "log.json"),
    "soft-link-out": special("proofs", tarfile.SYMTYPE, "/tmp"),
    "link-pax-linkpath": plain(
        ENTRIES, b"", type=tarfile.SYMTYPE, linkname="x", pax_headers={"linkpath": "log.json"}
    ),
    "fifo": special(ENTRIES, tarfile.FIFOTYPE),
    "device": special("log.json", tarfile.CHRTYPE),
    "folder": special(ENTRIES, tarfile.DIRTYPE),
    "folder-else": special("more", tarfile.DIRTYPE),
    "file-else": plain("verify.sh", b"exit 0\n"),
    "readme-twin": plain("README.md", b"All is well.\n"),
    "readme-case": plain("readme.md", b"All is well.\n"),
    "checkpoint-twin": plain("checkpoint", b"forged\n"),
    "proof-else": plain("proofs/7.tlog-proof", b"forged\n"),
    "checkpoints-else": plain("checkpoints/7", b"forged\n"),
}


def forge(honest, folder):
    files = members(honest)
    good = [plain(name, body) for name, body in files]
    for label, form in (("ustar", 0), ("gnu", 1), ("pax", 2)):
        write(f"{folder}/honest-python-{label}.tar", good, format=form)
    timed = [plain(name, body, mtime=1795132800.25) for name, body in files]
    write(f"{folder}/honest-python-times.tar", timed, format=tarfile.PAX_FORMAT)
    for label, intruder in INTRUDERS.items():
        form = tarfile.GNU_FORMAT if label == "twin-long" else tarfile.PAX_FORMAT
        write(f"{folder}/{label}-last.tar", [*good, intruder], format=form)
        write(f"{folder}/{label}-first.tar", [intruder, *good], format=form)
    for key, value in (("path", ENTRIES), ("size", "20"), ("comment", "x")):
        headers = {"format": tarfile.PAX_FORMAT, "pax_headers": {key: value}}
        write(f"{folder}/global-{key}.tar", good, **headers)
    with tarfile.open(f"{folder}/compressed.tar", "w:gz") as tar:
        for info, body in good:
            tar.addfile(info, io.BytesIO(body))
    forged = [plain(name, FORGED if name == ENTRIES else body) for name, body in files]
    write(f"{folder}/second.tar", forged, format=0)
    with open(honest, "rb") as first, open(f"{folder}/second.tar", "rb") as second:
        both = first.read() + second.read()
    with open(f"{folder}/ignored-zeros.tar", "wb") as out:
        out.write(both)


def too_long(*_):
    raise TimeoutError


def extract(listed):
    signal.signal(signal.SIGALRM, too_long)
    warnings.simplefilter("ignore")
    with open(listed) as lines:
        for line in lines:
            path, folder = line.rstrip("\n").split("\t")
            # It would wait for somebody to read the FIFO that it writes to.
            signal.alarm(2)
            try:
                with tarfile.open(path) as tar:
                    tar.extractall(folder, filter="tar")
            except Exception:
                continue  # What it extracted until then is what counts.
            finally:
                signal.alarm(0)


{"forge": forge, "extract": extract}[sys.argv[1]](*sys.argv[2:])
