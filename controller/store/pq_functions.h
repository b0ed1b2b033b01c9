/* pq_functions.h - what of libpq is loaded when the store is a PostgreSQL (common/base/late.h). */
#pragma once
#include <libpq-fe.h>

#define PQ_FUNCTIONS(X) X(PQconnectdbParams) X(PQconninfoParse) X(PQconninfoFree) X(PQfreemem) X(PQfinish) X(PQstatus) X(PQerrorMessage) X(PQsocket) \
	X(PQsetnonblocking) X(PQsetNoticeProcessor) X(PQenterPipelineMode) X(PQsendPrepare) X(PQsendQueryPrepared) X(PQsendQueryParams) \
	X(PQpipelineSync) X(PQflush) X(PQisBusy) X(PQconsumeInput) X(PQgetResult) X(PQresultStatus) X(PQresultErrorField) X(PQresultErrorMessage) \
	X(PQclear) X(PQntuples) X(PQftype) X(PQgetvalue) X(PQgetlength) X(PQgetisnull) X(PQcmdTuples) X(PQcmdStatus)
