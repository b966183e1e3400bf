/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vchip: an ATECC508A/608A/608B made of software.
 *
 * One struct hd_vchip is one chip: EEPROM, volatile registers, power state,
 * clock, faults. It answers bus transfers exactly as silicon does and
 * enforces every permission bit, lock and counter; when it refuses, it says
 * which bit or state refused (hd_vchip_refusal). Nothing is shared between
 * chips but code and constant tables, so a process may hold many thousands.
 *
 * Time is virtual: bus transfers take the time their bits take, everything
 * else happens when somebody calls hd_vbus_advance(). All that is random
 * comes from one generator per chip, so the same seed and the same transfers
 * give the same bytes.
 *
 *     struct hd_vchip chip;
 *     struct hd_vbus bus;
 *     hd_vchip_init(&chip, hd_vchip_variant("608b"), NULL);
 *     hd_vbus_init(&bus, 400000);
 *     hd_vbus_attach(&bus, &chip);
 *     hd_vbus_wake(&bus);
 *     hd_vbus_advance(&bus, 1500 * 1000);
 *     uint8_t answer[4];
 *     hd_vbus_read(&bus, 0x60, answer, 4);      (now 04 11 33 43)
 *
 * What vchip does not model: analogue behaviour (so a wake pulse at any bus
 * speed counts, and tPU and the SMBus timeout do not exist), transport keys
 * of GenDig (KeyID >= 0x8000; their values are secret, the command is
 * refused), UseLock (byte 68 is stored; what it does is not public), side
 * channels, and the NDA-only details that docs/chip marks
 * "(inferred)"; the choices made for those stand in one table, vchip/choices.h.
 *
 * A struct hd_vchip may not be copied while attached to a bus or while it
 * holds cached key objects: use hd_vchip_snapshot() / hd_vchip_restore().
 * Not thread-safe per chip; different chips may run in different threads.
 */
#ifndef HALFDOLLAR_VCHIP_H
#define HALFDOLLAR_VCHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hd_vmodel { HD_VMODEL_508A = 1, HD_VMODEL_608A = 2, HD_VMODEL_608B = 4 };
#define HD_VMODEL_608 (HD_VMODEL_608A | HD_VMODEL_608B)
#define HD_VMODEL_ALL (HD_VMODEL_508A | HD_VMODEL_608)

#define HD_V_CONFIG_BYTES 128
#define HD_V_OTP_BYTES    64
#define HD_V_DATA_BYTES   1208
#define HD_V_EEPROM_BYTES (HD_V_CONFIG_BYTES + HD_V_OTP_BYTES + HD_V_DATA_BYTES)
#define HD_V_GROUP_MAX    155 /* longest command or answer group, bytes */
#define HD_V_FAULTS       8
#define HD_V_SNAPSHOT_MAX 4096 /* bytes that hd_vchip_snapshot can need */

/* ------------------------------------------------------------ refusals */

/*
 * Why a command was refused. X(name, status byte, sentence). In the
 * sentence {cmd} is the command, {slot} the slot, {bits} the configuration
 * bits with their value as the data sheet names them.
 * The table is vchip_reasons.def; numbers follow its order.
 */
enum hd_why {
    HD_WHY_NONE = 0,
#define X(name, status, text) HD_WHY_##name,
#include "halfdollar/vchip_reasons.def"
#undef X
    HD_WHY_COUNT
};

/* One refusal: the reason, and the configuration bits that decided. */
struct hd_refusal {
    uint8_t why;    /* enum hd_why */
    uint8_t status; /* the status byte the chip answered */
    uint8_t opcode; /* the command refused */
    uint8_t param1;
    uint16_t param2;
    int8_t slot; /* slot concerned, or -1 */
    /* The bits that forbid: mask of the little-endian 16-bit word at
     * configuration byte `byte` (byte = 0xFF: no bit, a state refused). */
    uint8_t byte;
    uint16_t mask;
    uint16_t value; /* value of the masked bits, not shifted */
};

/* Writes the sentence, always terminated; returns the length it needs. */
size_t hd_refusal_text(const struct hd_refusal *r, char *out, size_t size);

/* Stable short name of a reason, for example "SIGN_EXTERNAL_OFF". */
const char *hd_why_name(enum hd_why why);

/* -------------------------------------------------------------- faults */

enum hd_fault_kind {
    HD_FAULT_NONE = 0,
    HD_FAULT_NACK,       /* the transfer is not acknowledged */
    HD_FAULT_FLIP,       /* one bit of the answer is inverted as it is read
                            (arg: bit, counted from the count byte) */
    HD_FAULT_FLIP_IN,    /* one bit of the command is inverted (arg: bit) */
    HD_FAULT_TRUNCATE,   /* reading stops after arg bytes, then 0xFF */
    HD_FAULT_LATE,       /* the command takes arg microseconds longer */
    HD_FAULT_DUPLICATE,  /* the command is executed twice */
    HD_FAULT_REPLAY,     /* the previous answer is given again */
    HD_FAULT_LOST_WAKE,  /* a wake pulse is not seen */
    HD_FAULT_WAKE_NOISE, /* the wake answer reads garbled (arg: xor) */
    HD_FAULT_VANISH,     /* the chip is off from now on */
    HD_FAULT_STUCK,      /* the bus lines are held */
    HD_FAULT_BROWNOUT,   /* supply collapses in the command: chip restarts
                            awake, and says 0x11 in place of an answer */
    HD_FAULT_CUT_BYTE,   /* power lost at the arg-th bus byte */
    HD_FAULT_CUT_EEPROM, /* power lost at the arg-th EEPROM word write, which
                            tears */
    HD_FAULT_REWRITE,    /* an interposer replaces the answer's payload, with
                            a correct checksum */
    HD_FAULT_SELFTEST,   /* 608: the self tests of mask arg fail */
    HD_FAULT_HEALTH,     /* 608: the generator's health test fails */
    HD_FAULT_KINDS
};

/*
 * A fault waits for its chance: a transfer, a command, a wake pulse, as the
 * kind says. CUT_BYTE and CUT_EEPROM count arg down from the moment they are
 * added (1: the very next byte or word) and strike once.
 */
struct hd_fault {
    uint8_t kind;        /* enum hd_fault_kind; NONE when it is used up */
    uint8_t opcode;      /* only this command; 0: any */
    uint16_t skip;       /* let so many chances pass first */
    uint16_t count;      /* then strike so often; 0: for ever */
    uint32_t arg;        /* see the kind */
    uint8_t payload_len; /* HD_FAULT_REWRITE: bytes below; 0: xor all, FF */
    uint8_t payload[66];
};

/* --------------------------------------------------------------- trace */

enum hd_event_kind {
    HD_EVENT_WAKE,    /* wake pulse */
    HD_EVENT_WRITE,   /* write transfer: addr7, ack, bytes (word address
                         first); single-wire: flag first */
    HD_EVENT_READ,    /* read transfer */
    HD_EVENT_COMMAND, /* a command group was executed: bytes = the group,
                         status, why */
    HD_EVENT_ANSWER,  /* the answer group that command left in the buffer */
    HD_EVENT_POWER,   /* state change: text */
    HD_EVENT_FAULT    /* a fault struck: text */
};

struct hd_vchip;

struct hd_event {
    uint64_t t_ns; /* start, on the bus's clock */
    uint64_t dur_ns;
    enum hd_event_kind kind;
    const struct hd_vchip *chip; /* NULL: nobody answered */
    uint8_t addr7;
    bool ack;
    const uint8_t *bytes;
    size_t len;
    uint8_t status;               /* HD_EVENT_COMMAND */
    const struct hd_refusal *why; /* HD_EVENT_COMMAND, NULL if it succeeded */
    const char *text;             /* HD_EVENT_POWER, HD_EVENT_FAULT */
};

typedef void hd_trace_fn(void *ctx, const struct hd_event *event);

/* ------------------------------------------------------------ the chip */

enum hd_vstate {
    HD_V_OFF,
    HD_V_SLEEP,
    HD_V_IDLE,
    HD_V_WAKING,
    HD_V_READY,
    HD_V_BUSY
};

/* How long commands take. */
enum hd_vspeed {
    HD_V_TYPICAL,
    HD_V_MAXIMUM,
    HD_V_SLOW,   /* three times the maximum */
    HD_V_INSTANT /* no time at all: measures the host alone */
};

struct hd_vtempkey {
    uint8_t bytes[64];
    uint8_t key_id;
    bool valid, source_input, gendig_data, genkey_data, no_mac;
    bool wide;       /* 64 bytes were loaded (608) */
    bool is_private; /* holds an ECC private key (GenKey to 0xFFFF) */
    /* during one command only: it took TempKey as input, made a new one */
    bool used, fresh;
};

struct hd_vsha {
    uint8_t state[32]; /* H0..H7, big-endian */
    uint8_t block[64];
    uint32_t total; /* bytes hashed so far */
    uint8_t hmac_key[32];
    uint8_t running;      /* 0 no, 1 SHA, 2 HMAC */
    uint8_t blocks;       /* 64-byte blocks so far, for X.509 */
    uint8_t public_slot;  /* slot of SHA(Public), 0xFF: none */
    uint8_t public_block; /* block number of that step */
};

/* Complete so that callers can place it; every field is private. */
struct hd_vchip {
    /* EEPROM, byte exact: config, OTP, data in this order */
    uint8_t ee[HD_V_EEPROM_BYTES];
    uint8_t model; /* enum hd_vmodel */
    bool swi;      /* a single-wire part */

    /* survives sleep while powered */
    bool latch;         /* 608 persistent latch */
    bool boot_prohibit; /* SecureBoot prohibited until power cycle */
    bool gpio_latch;    /* 508A intrusion latch */

    /* survives idle */
    struct hd_vtempkey tk;
    uint8_t mdb[64]; /* Message Digest Buffer */
    uint8_t mdb_len; /* 0: not valid, else 32 or 64 */
    uint8_t altkey[32];
    bool altkey_valid;
    struct hd_vsha sha;
    bool auth_valid;
    uint8_t auth_key;
    uint8_t selftest_fail; /* SelfTest failure register */
    bool health_fail;      /* RNG health test failed */
    bool sram_seeded, eeprom_seeded;
    /* X.509 block count of the last SHA sequence, for ValidateExternal */
    uint8_t x509_slot, x509_block, x509_total;

    /* bus side */
    uint8_t state;     /* enum hd_vstate */
    uint8_t addr7;     /* in force since the last wake from sleep */
    uint8_t chip_mode; /* config byte 19, ditto */
    uint8_t in[HD_V_GROUP_MAX + 1];
    uint8_t in_len;
    uint8_t out[HD_V_GROUP_MAX + 1];
    uint8_t out_len, out_at;
    uint8_t last_out[HD_V_GROUP_MAX + 1]; /* for HD_FAULT_REPLAY */
    uint8_t last_op;                      /* the command executed last */

    /* single-wire: bits of the byte being received, the flag in force */
    uint8_t swi_bits, swi_byte, swi_flag;
    uint64_t swi_last_ns; /* when the last bit came */

    /* time, on the chip's own clock, ns */
    uint64_t now_ns, ready_ns, watchdog_ns;
    uint8_t speed; /* enum hd_vspeed */

    /* generator: a counter under a 256-bit seed */
    uint8_t seed[32];
    uint64_t draws;

    struct hd_fault faults[HD_V_FAULTS];
    uint32_t fault_mask; /* bit n: a fault of kind n waits */
    uint64_t bus_bytes, ee_writes, commands; /* since power-up of the struct */

    struct hd_refusal refusal; /* the last one */
    hd_trace_fn *trace;
    void *trace_ctx;
    void *ec_cache; /* key objects of the crypto library */
    bool dirty;     /* EEPROM changed since the last hd_vchip_save() */
};

/* A chip as it leaves the factory (or a provisioning service). */
struct hd_variant {
    const char *name;  /* "608b" */
    const char *about; /* one line */
    uint8_t model;
    bool swi;
    const uint8_t *config; /* 128 bytes; serial number bytes are replaced */
    const uint8_t *otp;    /* 64 bytes, or NULL: all FF */
    bool data_locked;      /* keys of private slots are then born at init */
};

/* All of them, ended by one whose name is NULL. */
extern const struct hd_variant hd_variants[];

/* By name, NULL if there is none. */
const struct hd_variant *hd_vchip_variant(const char *name);

/*
 * Makes a chip, powered and asleep. seed: 32 bytes that decide its serial
 * number and all that is random in it; NULL takes them from the operating
 * system. Returns HD_OK, or HD_ERR_PORT when there is no entropy.
 */
int hd_vchip_init(struct hd_vchip *v, const struct hd_variant *variant,
                  const uint8_t seed[32]);

/* Wipes it and frees the cached key objects. */
void hd_vchip_free(struct hd_vchip *v);

/* Power off and on. Off loses all that is volatile. */
void hd_vchip_power(struct hd_vchip *v, bool on);

/* The last refusal; why = HD_WHY_NONE if the last command succeeded. */
const struct hd_refusal *hd_vchip_refusal(const struct hd_vchip *v);

/*
 * Files. The format is one small versioned record, see vchip/state.c. save
 * writes beside the file (PATH.new), synchronises and renames; the file is
 * readable by its owner only. One saver a file at a time: hd_vfile_lock() in
 * vdoor.h. A link is not saved to (ELOOP), since that would make two chips of
 * one: hd_vfile_find() follows it. HD_ERR_IO (errno tells), HD_ERR_CORRUPT
 * (not ours, damaged, or a newer version; *v is untouched).
 */
/* load makes a chip like init: *v may be anything before it, and a chip that
 * lives there already must be freed first. A chip that had lost its power
 * comes back powered and asleep: opening its file plugs it in. */
int hd_vchip_save(struct hd_vchip *v, const char *path);
int hd_vchip_load(struct hd_vchip *v, const char *path);

/* Everything, volatile state too, as bytes: the same as a file holds. Returns
 * the length used, or HD_ERR_TOO_SMALL / HD_ERR_CORRUPT (*v is untouched).
 * restore needs a chip that was made before, or a struct of zeros; its place
 * on a bus and its trace hook stay. The snapshot holds the chip's keys. */
int hd_vchip_snapshot(const struct hd_vchip *v, uint8_t *out, size_t size);
int hd_vchip_restore(struct hd_vchip *v, const uint8_t *in, size_t len);

/*
 * The same without the EEPROM, for a place that the chip's keys must not
 * reach: encrypted with a key made of EEPROM and seed, so that only who has
 * the chip's file can open it. unseal gives v, which was loaded from that
 * file, those registers; sealed is overwritten. HD_ERR_PORT: no random bytes.
 * HD_ERR_CORRUPT: not of this chip as its EEPROM is now, or damaged; *v is
 * untouched.
 */
int hd_vchip_seal(const struct hd_vchip *v, uint8_t out[HD_V_SNAPSHOT_MAX]);
int hd_vchip_unseal(struct hd_vchip *v, uint8_t *sealed, size_t len);

/* Adds a fault; HD_ERR_TOO_SMALL when all HD_V_FAULTS places are taken. */
int hd_vchip_fault(struct hd_vchip *v, const struct hd_fault *fault);
void hd_vchip_clear_faults(struct hd_vchip *v);

/* "flip,arg=13,opcode=sign,skip=2,count=1" to a fault and back.
 * HD_ERR_FORMAT: *error (may be NULL) gets a sentence that is constant. */
int hd_fault_parse(const char *text, struct hd_fault *out, const char **error);
size_t hd_fault_text(const struct hd_fault *f, char *out, size_t size);

/* ------------------------------------------------------------- the bus */

#define HD_VBUS_CHIPS 16

/* One I2C (or single-wire) bus with its chips and its clock. */
struct hd_vbus {
    struct hd_vchip *chips[HD_VBUS_CHIPS];
    size_t count;
    uint32_t hz;     /* bits per second: 100000, 400000, 1000000 */
    uint64_t now_ns; /* virtual time */
    hd_trace_fn *trace;
    void *trace_ctx;
};

void hd_vbus_init(struct hd_vbus *bus, uint32_t hz);

/* HD_ERR_TOO_SMALL: the bus is full. The chip's trace hook becomes the
 * bus's, its clock starts at the bus's time. */
int hd_vbus_attach(struct hd_vbus *bus, struct hd_vchip *v);

/* Lets time pass: commands finish, watchdogs run out. */
void hd_vbus_advance(struct hd_vbus *bus, uint64_t ns);

/* SDA low for tWLO: all chips that sleep or idle begin to wake. Takes 80 us.
 * HD_ERR_BUS_STUCK by fault. */
int hd_vbus_wake(struct hd_vbus *bus);

/*
 * One write transfer (start, address, bytes, stop). HD_OK, HD_ERR_NACK
 * (*taken: data bytes acknowledged before it; may be NULL) or
 * HD_ERR_BUS_STUCK. A write to address 0 is a wake pulse and NACKs; bytes
 * after the address pass unheard, as on the wire.
 */
int hd_vbus_write(struct hd_vbus *bus, uint8_t addr7, const uint8_t *data,
                  size_t len, size_t *taken);

/* One read transfer. HD_OK, HD_ERR_NACK or HD_ERR_BUS_STUCK. */
int hd_vbus_read(struct hd_vbus *bus, uint8_t addr7, uint8_t *data, size_t len);

/* Single-wire: one UART character in (docs/chip part 1, 3.3); the characters
 * that the chip sends back (never the echo) are put in out, their number is
 * returned. 0x00 is the wake pulse. size must be >= 8 * HD_V_GROUP_MAX. */
size_t hd_vbus_swi_char(struct hd_vbus *bus, uint8_t c, uint8_t *out,
                        size_t size);

#ifdef __cplusplus
}
#endif
#endif
