"""Alerts as CAP 1.2 [1]_: written, held against rules the schema does not know, signed, listed.

.. [1] OASIS, Common Alerting Protocol 1.2, 2010,
   https://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html
"""
