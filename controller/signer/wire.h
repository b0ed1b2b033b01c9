/* wire.h - the signer's channel: SOCK_SEQPACKET, one JSON object a message, replies in the order of the requests. */
#pragma once
#define SIGNER_OP_BIRTHS "births"
enum { SIGNER_MESSAGE_MAX = 1 << 20 };
