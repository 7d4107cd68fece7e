# Sends each file given over one connection with python-hl7 and prints its view of each answer: MSA-1 and MSA-2.
import sys
import hl7
from hl7.client import MLLPClient

host, port = sys.argv[1], int(sys.argv[2])
with MLLPClient(host, port) as client:
    for path in sys.argv[3:]:
        with open(path, "rb") as f:
            answer = hl7.parse(client.send_message(f.read()).strip(b"\x0b\x1c\r").decode())
        msa = answer.segment("MSA")
        print(msa[1], msa[2])
