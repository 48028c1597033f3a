"""DynamoDB: what single-table design costs, and what it buys.

Pure models predict sizes, units, latency and heat; `real` asks a DynamoDB API on this machine.
"""
