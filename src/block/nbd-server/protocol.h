/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The numbers of the NBD protocol: doc/proto.md of the NBD project, section
 * "Values".  All of them go over the wire in big-endian order.
 */
#ifndef H2K_NBD_SERVER_PROTOCOL_H
#define H2K_NBD_SERVER_PROTOCOL_H

#include <stdint.h>

/* "Newstyle negotiation": "NBDMAGIC", then "IHAVEOPT". */
#define NBD_MAGIC UINT64_C(0x4e42444d41474943)
#define NBD_OPTION_MAGIC UINT64_C(0x49484156454f5054)
#define NBD_OPTION_REPLY_MAGIC UINT64_C(0x3e889045565a9)
#define NBD_OPTION_HEADER 16 /* magic, option, length */

/* "Handshake flags"; the client's flags have the same bits. */
#define NBD_FLAG_FIXED_NEWSTYLE 1u
#define NBD_FLAG_NO_ZEROES 2u

/* "Option types" */
enum nbd_option {
    NBD_OPT_EXPORT_NAME = 1,
    NBD_OPT_ABORT = 2,
    NBD_OPT_LIST = 3,
    NBD_OPT_INFO = 6,
    NBD_OPT_GO = 7,
    NBD_OPT_STRUCTURED_REPLY = 8,
    NBD_OPT_LIST_META_CONTEXT = 9,
    NBD_OPT_SET_META_CONTEXT = 10,
};

/* "Option reply types" */
#define NBD_REP_ACK 1u
#define NBD_REP_SERVER 2u
#define NBD_REP_INFO 3u
#define NBD_REP_META_CONTEXT 4u
#define NBD_REP_ERR_UNSUP (UINT32_C(1) << 31 | 1)
#define NBD_REP_ERR_INVALID (UINT32_C(1) << 31 | 3)
#define NBD_REP_ERR_UNKNOWN (UINT32_C(1) << 31 | 6)
#define NBD_REP_ERR_TOO_BIG (UINT32_C(1) << 31 | 9)

/* Types of NBD_REP_INFO */
#define NBD_INFO_EXPORT 0
#define NBD_INFO_BLOCK_SIZE 3

/* "Transmission flags" */
#define NBD_FLAG_HAS_FLAGS 0x1u
#define NBD_FLAG_READ_ONLY 0x2u
#define NBD_FLAG_SEND_FLUSH 0x4u
#define NBD_FLAG_SEND_FUA 0x8u
#define NBD_FLAG_SEND_TRIM 0x20u
#define NBD_FLAG_SEND_WRITE_ZEROES 0x40u
#define NBD_FLAG_SEND_DF 0x80u
#define NBD_FLAG_CAN_MULTI_CONN 0x100u

/* "Request message": magic, flags, type, cookie, offset, length. */
#define NBD_REQUEST_MAGIC 0x25609513u
#define NBD_REQUEST_HEADER 28

/* "Request types" */
enum nbd_command {
    NBD_CMD_READ = 0,
    NBD_CMD_WRITE = 1,
    NBD_CMD_DISC = 2,
    NBD_CMD_FLUSH = 3,
    NBD_CMD_TRIM = 4,
    NBD_CMD_WRITE_ZEROES = 6,
    NBD_CMD_BLOCK_STATUS = 7,
};

/* "Command flags" */
#define NBD_CMD_FLAG_FUA 0x1u
#define NBD_CMD_FLAG_NO_HOLE 0x2u
#define NBD_CMD_FLAG_DF 0x4u
#define NBD_CMD_FLAG_REQ_ONE 0x8u

/* "Simple reply message": magic, error, cookie. */
#define NBD_SIMPLE_REPLY_MAGIC 0x67446698u
/* "Structured reply chunk message": magic, flags, type, cookie, length. */
#define NBD_STRUCTURED_REPLY_MAGIC 0x668e33efu
#define NBD_REPLY_FLAG_DONE 1
#define NBD_REPLY_TYPE_NONE 0
#define NBD_REPLY_TYPE_OFFSET_DATA 1
#define NBD_REPLY_TYPE_BLOCK_STATUS 5
#define NBD_REPLY_TYPE_ERROR (1u << 15 | 1)

/* "`base:allocation` metadata context" */
#define NBD_STATE_HOLE 1u
#define NBD_STATE_ZERO 2u

/* "Error values" */
#define NBD_EPERM 1u
#define NBD_EIO 5u
#define NBD_ENOMEM 12u
#define NBD_EINVAL 22u
#define NBD_ENOSPC 28u
#define NBD_EOVERFLOW 75u

#endif
