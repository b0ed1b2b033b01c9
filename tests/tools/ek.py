#!/usr/bin/env python3
"""ek.py PUBLIC.pem - an RSA-2048 public key as a TPM says it of its EK: the base64 of a TPM2B_PUBLIC (template L-1)."""
import base64, subprocess, sys
text = subprocess.run(["openssl", "rsa", "-pubin", "-in", sys.argv[1], "-noout", "-modulus"], capture_output=True, text=True, check=True).stdout
modulus = bytes.fromhex(text.strip().split("=")[1])
policy = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
public = bytes.fromhex("0001000b000300b2") + len(policy).to_bytes(2, "big") + policy + bytes.fromhex("0006008000430010080000000000")
public += len(modulus).to_bytes(2, "big") + modulus
print(base64.b64encode(len(public).to_bytes(2, "big") + public).decode())
