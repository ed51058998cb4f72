"""Opens payloads that the control plane sealed (docs/payloads.md): `python open_payload.py vectors.json`."""
import hashlib, json, struct, sys, zlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def open_payload(key, org, call_id, field, sealed):
    """(text, bytes of the whole, its BLAKE3 or None). Raises InvalidTag for what was altered or moved."""
    version, key_version = struct.unpack(">BI", sealed[:5])
    if version != 1:
        raise ValueError("not a sealed payload of format 1")
    bound = ["mcpg payload", version, org, call_id, field, key_version]
    bound = json.dumps(bound, separators=(",", ":")).encode()
    padded = AESGCM(key).decrypt(sealed[5:17], sealed[17:], bound)
    flags, size, length = struct.unpack(">BQI", padded[:13])
    start = 45 if flags & 2 else 13
    blake3 = padded[13:45] if flags & 2 else None
    body = padded[start : start + length]
    text = zlib.decompress(body, wbits=-15) if flags & 1 else body
    return text.decode(), size, blake3


def check(vector):
    key, sealed = bytes.fromhex(vector["key"]), bytes.fromhex(vector["sealed"])
    place = vector["org"], vector["id"], vector["field"]
    text, size, blake3 = open_payload(key, *place, sealed)
    assert hashlib.sha256(text.encode()).hexdigest() == vector["text_sha256"], vector["name"]
    assert vector["text"] in (None, text), vector["name"]
    assert (size, blake3 and blake3.hex()) == (vector["bytes"], vector["blake3"]), vector["name"]
    print("opened:", vector["name"])


if __name__ == "__main__":
    for one in json.load(open(sys.argv[1])):
        check(one)
