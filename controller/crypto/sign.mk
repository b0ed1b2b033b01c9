# libsign.a: the private half of signing keys, by GnuTLS.
noinst_LIBRARIES += controller/crypto/libsign.a
SIGN_LIBS = controller/crypto/libsign.a $(COMMON_LIBS) $(GNUTLS_LIBS)
controller_crypto_libsign_a_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JSON_CFLAGS) $(GNUTLS_CFLAGS)
controller_crypto_libsign_a_SOURCES = %D%/signkey.c %D%/signkey.h
