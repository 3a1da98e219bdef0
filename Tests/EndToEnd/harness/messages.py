"""SIP messages as the scripted peers read and write them, and digest credentials (RFC 7616, RFC 8760)."""
import hashlib
import re

FULL_NAMES = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "k": "supported"}
ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


class Message:
    """A request or a response: its first line and its fields, by name in lower case."""

    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        self.text = text
        self.first_line, *lines = head.split("\r\n")
        self.fields = []
        for line in lines:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.fields.append((FULL_NAMES.get(name, name), value.strip()))

    def all(self, name):
        return [value for field, value in self.fields if field == name.lower()]

    def __getitem__(self, name):
        """The first field of this name, or an empty text."""
        return next(iter(self.all(name)), "")

    @property
    def method(self):
        return self.first_line.split(" ")[0]

    @property
    def status(self):
        """Of a response; 0 for a request."""
        return int(self.first_line.split(" ")[1]) if self.first_line.startswith("SIP/2.0 ") else 0

    @property
    def uri(self):
        return self.first_line.split(" ")[1]

    @property
    def cseq(self):
        return int(self["CSeq"].split()[0])

    @property
    def expires(self):
        """The lifetime that a REGISTER asks for: of its Contact, else of the request; nothing when it says none."""
        found = re.search(r";\s*expires=(\d+)", self["Contact"]) or re.match(r"(\d+)", self["Expires"])
        return int(found.group(1)) if found else None

    @property
    def contact_uri(self):
        found = re.search(r"<([^>]*)>", self["Contact"])
        return found.group(1) if found else self["Contact"].partition(";")[0]

    def credentials(self, name="Authorization"):
        """The parameters of the digest credentials, or nothing."""
        return digest_parameters(self[name]) if self[name] else None

    def __repr__(self):
        return f"{self.first_line} (CSeq {self['CSeq']})"


def response(request, status, reason, *fields, tag="upstream", body=""):
    """A response to the request as text; `fields` are whole lines."""
    to = request["To"] if ";tag=" in request["To"] or status == 100 else f"{request['To']};tag={tag}"
    return "\r\n".join([
        f"SIP/2.0 {status} {reason}", *(f"Via: {via}" for via in request.all("Via")), f"From: {request['From']}", f"To: {to}",
        f"Call-ID: {request['Call-ID']}", f"CSeq: {request['CSeq']}", *fields, f"Content-Length: {len(body)}", "", body])


def digest_parameters(value):
    """Of a challenge or of credentials, by name; quotes taken off."""
    found = re.findall(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', value.partition(" ")[2])
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for name, quoted, bare in found}


def digest_response(parameters, method, user, password, realm):
    """What the credentials' response must be, for qop auth or none."""
    def digest(text):
        return hashlib.new(ALGORITHMS[parameters.get("algorithm", "MD5")], text.encode()).hexdigest()
    secret, request = digest(f"{user}:{realm}:{password}"), digest(f"{method}:{parameters['uri']}")
    if "qop" in parameters:
        return digest(":".join([secret, parameters["nonce"], parameters["nc"], parameters["cnonce"], parameters["qop"], request]))
    return digest(f"{secret}:{parameters['nonce']}:{request}")


def right_credentials(request, user, password, realm, nonces, header="Authorization"):
    """Whether the request carries the right response for one of these nonces."""
    given = request.credentials(header)
    return (
        given is not None and given.get("username") == user and given.get("realm") == realm and given.get("nonce") in nonces
        and given.get("algorithm", "MD5") in ALGORITHMS
        and given.get("response") == digest_response(given, request.method, user, password, realm))


def credentials(challenge, method, uri, user, password, count=1):
    """Credentials for a challenge with qop auth, as an Authorization field."""
    given = {"uri": uri, "nonce": challenge["nonce"], "nc": f"{count:08x}", "cnonce": "0a4f113b", "qop": "auth",
             "algorithm": challenge.get("algorithm", "MD5")}
    answer = digest_response(given, method, user, password, challenge["realm"])
    return (f'Authorization: Digest username="{user}", realm="{challenge["realm"]}", nonce="{given["nonce"]}", uri="{uri}", qop=auth, '
            f'nc={given["nc"]}, cnonce="{given["cnonce"]}", response="{answer}", algorithm={given["algorithm"]}')
