"""What the Parameters and Secrets extension answers, on its port: ministack lists Lambda layers and runs none.

It is one process for all functions and keeps nothing. The lab's own extension would need the Extensions API.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonSSM.GetParameter",
    # Tells ministack account and Region; it verifies no signature.
    "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{os.environ['AWS_REGION']}/ssm/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path.rstrip("/") != "/systemsmanager/parameters/get":
            return self.answer(404, b"")
        if not self.headers.get("X-Aws-Parameters-Secrets-Token"):
            return self.answer(401, b"")
        body = json.dumps({"Name": parse_qs(url.query)["name"][0]}).encode()
        with urlopen(Request(ENDPOINT, body, HEADERS)) as response:
            self.answer(200, response.read())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", 2773), Handler).serve_forever()
