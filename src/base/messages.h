/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_MESSAGES_H
#define RPORT_BASE_MESSAGES_H

/*
 * MESSAGE_ID= of what is worth looking for in the journal (systemd.journal-fields(7)). What each
 * means, and what to do about it, is in systemd/rportd.catalog. They never change.
 */

#define MESSAGE_LINK_MADE        "09afd19f1a45c0953d1c0cf0fc5e8750"
#define MESSAGE_LINK_REMOVED     "14adc4d24416006d132ea44e34876502"
#define MESSAGE_PORT_PENDING     "8dcf2099e92fe0dd904912a4f77bd466"
#define MESSAGE_PORT_THERE       "e859a8524be8cbc1c1e28fb695437e67"
#define MESSAGE_PORT_GIVEN_UP    "290f0ba90cb17a8d0df60d9d9e3ac654"
#define MESSAGE_PORT_MOVED       "c73b179a0ce11fc69952ced12174fc2a"
#define MESSAGE_ADOPTED          "a91eba1590285e7c998db059c9d18f8c"
#define MESSAGE_STATE_UNREADABLE "a65841d9e5c6c7c4bfc63d255e524a45"
#define MESSAGE_PROCESS_SILENT   "05a72bb6bf8155de4239ce2977bb5009"
#define MESSAGE_PROCESS_ENDED    "60640541244d4826892eb2a32c69bdfd"
#define MESSAGE_CALL             "57e0452751ebc2401f182d1c6c57c656"

#endif
