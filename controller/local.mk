include controller/host/local.mk
include controller/hostd/local.mk
include controller/crypto/sign.mk
include controller/controller.mk
