"""The service on an agent's computer: grabs the screen while a node wants it, and sends what it saw.

It knows the words of `recorder/scn/messages.py` and nothing of the node: no part of the recorder that
stores, asks or serves is imported here.
"""
