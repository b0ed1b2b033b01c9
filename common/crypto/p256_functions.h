/* p256_functions.h - what of mbedtls verifies a P-256 signature (only calls that 2.28 and 3.6 share); see common/base/late.h. */
#pragma once
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>

#define P256_FUNCTIONS(X) \
	X(mbedtls_ecp_group_init) X(mbedtls_ecp_point_init) X(mbedtls_mpi_init) X(mbedtls_ecp_group_load) X(mbedtls_ecp_point_read_binary) \
	X(mbedtls_ecp_check_pubkey) X(mbedtls_mpi_read_binary) X(mbedtls_ecdsa_verify) X(mbedtls_mpi_free) X(mbedtls_ecp_point_free) \
	X(mbedtls_ecp_group_free)
