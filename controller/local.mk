include controller/host/local.mk
