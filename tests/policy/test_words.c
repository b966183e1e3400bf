/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words to bits, and what is said when a file is wrong. The expected bits are
 * written here as the data sheet gives them (docs/chip part 1, 7.3-7.14), not
 * taken from the tables under test.
 */
#include "policy_test.h"

#define HEAD "policy: p\nchip: ATECC608\n"
/* Slots that other slots name. */
#define OTHERS                                                                 \
    "  4: {name: key-four, purpose: wrapping-key}\n"                           \
    "  13: {name: parent, purpose: public-key, content: later}\n"

static uint16_t word_at(const struct hd_policy *p, unsigned byte)
{
    return (uint16_t)(p->config[byte] | p->config[byte + 1] << 8);
}

struct slot_case {
    const char *yaml; /* of one slot, in flow style */
    unsigned slot;
    uint16_t slot_config, key_config;
};

static const struct slot_case slot_cases[] = {
        {"purpose: identity", 0, 0x0081, 0x0053},
        {"purpose: identity, signs: nothing", 0, 0x0080, 0x0053},
        {"purpose: identity, signs: reports", 0, 0x0082, 0x0053},
        {"purpose: identity, signs: digests-and-reports", 0, 0x0083, 0x0053},
        {"purpose: identity, agrees: yes", 0, 0x0085, 0x0053},
        {"purpose: identity, agrees: into-next-slot", 0, 0x008D, 0x0053},
        {"purpose: identity, regenerate: yes", 0, 0x2081, 0x0053},
        {"purpose: identity, write: with key-four", 0, 0x4481, 0x0053},
        {"purpose: identity, write: with key-four, regenerate: yes", 0, 0x6481,
         0x0053},
        {"purpose: identity, public-key: when-made", 0, 0x0081, 0x0051},
        {"purpose: identity, limited-use: yes", 0, 0x00A1, 0x0053},
        {"purpose: identity, fresh-nonce: no", 0, 0x0081, 0x0013},
        {"purpose: identity, authorised-by: key-four", 0, 0x0081, 0x04D3},
        {"purpose: identity, needs-latch: yes", 0, 0x0081, 0x1053},
        {"purpose: identity, lock: later", 0, 0x0081, 0x0073},
        {"purpose: attestation", 1, 0x0082, 0x0053},
        {"purpose: renewable", 2, 0x2081, 0x0073},
        {"purpose: update-key", 3, 0x0084, 0x0053},
        {"purpose: issuer", 3, 0x00A1, 0x0053},
        {"purpose: private-key", 3, 0x0085, 0x0053},
        {"purpose: secret", 5, 0x8F8F, 0x005C},
        {"purpose: secret, read: anyone", 5, 0x8F0F, 0x005C},
        {"purpose: secret, read: with key-four", 5, 0x8FC4, 0x005C},
        {"purpose: secret, write: anyone", 5, 0x0F8F, 0x005C},
        {"purpose: secret, write: until-valid", 5, 0x1F8F, 0x005C},
        {"purpose: secret, write: with key-four", 5, 0x448F, 0x005C},
        {"purpose: secret, derive: roll", 5, 0x2F8F, 0x005C},
        {"purpose: secret, derive: create, parent: key-four", 5, 0x348F,
         0x005C},
        {"purpose: secret, derive: roll-with-mac, parent: key-four", 5, 0xA48F,
         0x005C},
        {"purpose: secret, derive: create-with-mac, parent: key-four", 5,
         0xB48F, 0x005C},
        {"purpose: secret, write: with key-four, derive: roll", 5, 0x648F,
         0x005C},
        {"purpose: secret, write: with key-four, derive: create-with-mac", 5,
         0xF48F, 0x005C},
        {"purpose: secret, macs: no", 5, 0x8F9F, 0x005C},
        {"purpose: io-protection", 6, 0x8F8F, 0x005C},
        {"purpose: boot-digest", 7, 0x8F9F, 0x001C},
        {"purpose: closed", 7, 0x8F9F, 0x005C},
        {"purpose: seal-key", 9, 0x8F8F, 0x0018},
        {"purpose: data", 8, 0x0F0F, 0x003C},
        {"purpose: certificate", 10, 0x0F0F, 0x003C},
        {"purpose: constant, file: f", 10, 0x8F0F, 0x001C},
        {"purpose: public-key, file: f", 11, 0x8F0F, 0x0010},
        {"purpose: boot-key, file: f", 15, 0x8F0F, 0x0010},
        {"purpose: validated-key, validated-by: parent", 14, 0x1F0D, 0x0012},
        {"purpose: custom", 3, 0x0000, 0x0000},
        {"purpose: custom, bits: {WriteConfig: 0xF, KeyType: 7, X509id: 3}", 3,
         0xF000, 0xC01C},
        {"purpose: secret, bits: {ReadKey: 0, KeyConfigRFU: 1}", 5, 0x8F80,
         0x205C},
};

static void test_each_word_of_a_slot_sets_its_bits(void **state)
{
    static struct hd_policy p;

    (void)state;
    for (unsigned i = 0; i < sizeof slot_cases / sizeof slot_cases[0]; i++) {
        const struct slot_case *c = &slot_cases[i];
        char text[512];
        int n = snprintf(text, sizeof text,
                         HEAD "slots:\n  %u: {name: it, %s}\n" OTHERS, c->slot,
                         c->yaml);
        if (c->slot == 4 || c->slot == 13) {
            fail_msg("slot %u is one of the others", c->slot);
        }
        must_load(text, (size_t)n, &p);
        if (word_at(&p, 20 + 2 * c->slot) != c->slot_config ||
            word_at(&p, 96 + 2 * c->slot) != c->key_config) {
            fail_msg("%s: SlotConfig %04X, KeyConfig %04X", c->yaml,
                     word_at(&p, 20 + 2 * c->slot),
                     word_at(&p, 96 + 2 * c->slot));
        }
        assert_int_equal(word_at(&p, 88), 0xFFFF);
    }
}

struct zone_case {
    const char *yaml;
    unsigned byte;
    uint8_t bytes[8];
    unsigned count;
};

static const struct zone_case zone_cases[] = {
        {"interface: {address: 0x35}", 16, {0x6A}, 1},
        {"interface: {address-change: once}", 19, {0x01}, 1},
        {"interface: {input-levels: follow-supply}", 19, {0x02}, 1},
        {"interface: {watchdog: 10s}", 19, {0x04}, 1},
        {"interface: {clock: medium}", 19, {0x28}, 1},
        {"interface: {clock: slow}", 19, {0x68}, 1},
        {"secure-boot: {mode: store-digest, public-key: parent, stored-in: "
         "key-four}",
         70,
         {0x03, 0xD4},
         2},
        {"secure-boot: {mode: check-signature, random-nonce: yes}",
         70,
         {0x11, 0x00},
         2},
        {"secure-boot: {mode: store-signature, sets-latch: yes}",
         70,
         {0x0A, 0x00},
         2},
        {"io-protection: {key: key-four}", 90, {0x02, 0x40}, 2},
        {"io-protection: {ecdh-result: encrypted}", 90, {0x00, 0x01}, 2},
        {"io-protection: {kdf-result: inside}", 90, {0x00, 0x08}, 2},
        {"latch: {switched-by: key-four}", 69, {0x84}, 1},
        {"self-test: {at-wake: yes, after-rng-failure: recover}",
         90,
         {0x09, 0x00},
         2},
        {"kdf: {aes: yes}", 90, {0x04, 0x00}, 2},
        {"kdf: {iv-at: 9, iv: 0x6976}", 72, {0x09, 0x69, 0x76}, 3},
        {"counters: {0: {stops-at: key-four}}", 18, {0x41}, 1},
        {"counters: {1: {start: 1}}",
         60,
         {0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0},
         8},
        {"extra: {user-byte: 7, second-address: 0x35}", 84, {0x07, 0x6A}, 2},
        {"bits: {UseLockEnable: 10, UseLockKey: 5}", 68, {0x5A}, 1},
        {"bits: {X509format2_PublicPosition: 1, X509format2_TemplateLength: "
         "9}",
         94,
         {0x91},
         1},
        {"bits: {KdfIvStr: 0x7669}", 73, {0x69, 0x76}, 2},
        {"bits: {Counter1: 0x0102030405060708}",
         60,
         {1, 2, 3, 4, 5, 6, 7, 8},
         8},
};

static void test_each_word_of_the_zone_sets_its_bits(void **state)
{
    static struct hd_policy p;

    (void)state;
    for (unsigned i = 0; i < sizeof zone_cases / sizeof zone_cases[0]; i++) {
        const struct zone_case *c = &zone_cases[i];
        char text[512];
        int n = snprintf(text, sizeof text, HEAD "slots:\n" OTHERS "%s\n",
                         c->yaml);
        must_load(text, (size_t)n, &p);
        if (memcmp(p.config + c->byte, c->bytes, c->count) != 0) {
            fail_msg("%s: byte %u is %02X", c->yaml, c->byte,
                     p.config[c->byte]);
        }
    }
}

static void test_a_slot_locked_from_the_start_clears_its_bit(void **state)
{
    static struct hd_policy p;
    const char *text = HEAD "slots:\n  9: {name: a, purpose: data, lock: "
                            "from-start}\n";

    (void)state;
    must_load(text, strlen(text), &p);
    assert_int_equal(word_at(&p, 88), 0xFDFF);
    assert_int_equal(word_at(&p, 96 + 18), 0x003C);
}

static void test_slots_not_listed_are_closed(void **state)
{
    static struct hd_policy p;
    const char *text = HEAD "slots:\n" OTHERS;

    (void)state;
    must_load(text, strlen(text), &p);
    for (unsigned i = 0; i < 16; i++) {
        if (i != 4 && i != 13) {
            assert_int_equal(word_at(&p, 20 + 2 * i), 0x8F9F);
            assert_int_equal(word_at(&p, 96 + 2 * i), 0x005C);
        }
    }
}

static void test_the_508a_has_its_own_words(void **state)
{
    static struct hd_policy p;
    const char *text = "policy: p\nchip: ATECC508A\n"
                       "slots: {0: {name: a, purpose: identity}}\n"
                       "otp: {mode: consumption}\n"
                       "interface: {address-change: once}\n"
                       "extra: {selector: 3}\n"
                       "bits: {LastKeyUse0: 0x00FF}\n";

    (void)state;
    must_load(text, strlen(text), &p);
    assert_int_equal(p.config[6], 0x50);
    assert_int_equal(p.config[18], 0x55);
    assert_int_equal(p.config[19], 0x01);
    assert_int_equal(p.config[85], 0x03);
    assert_int_equal(p.config[74], 0x00);
    assert_int_equal(p.config[75], 0xFF);
    assert_int_equal(p.config[76], 0xFF);
}

/* ------------------------------------------------------------------ errors */

struct bad_case {
    const char *yaml;
    unsigned line;
    const char *says;
};

#define NONE  "slots: {}\n"
#define SLOT0 "slots:\n  0:\n    name: a\n"

static const struct bad_case bad_cases[] = {
        {"", 1, "`half policy new`"},
        {"# only a comment\n", 1, "`half policy new`"},
        {"- a\n", 1, "a policy is keys with values"},
        {"just words\n", 1, "a policy is keys with values"},
        {"policy: [\n", 2, "not YAML"},
        {"policy: \"\\x\"\n", 1, "not YAML"},
        {"polcy: p\n", 1, "did you mean 'policy'?"},
        {"chip: ATECC608\n", 1, "policy: NAME"},
        {"policy: p\nslots: {}\n", 1, "chip: ATECC608"},
        {"policy: p\nchip: ATECC680\nslots: {}\n", 2,
         "did you mean 'ATECC608'?"},
        {"policy: Big Name\nchip: ATECC608\n", 1, "is no name"},
        {HEAD, 1, "there are no `slots:`"},
        {HEAD "slots: 16\n", 3,
         "slots: expected keys with values (key: value), not a word"},
        {HEAD "slots: {0: [a, b]}\n", 3, "not a list"},
        {HEAD "slots: {16: {name: a, purpose: data}}\n", 3,
         "'16'; slots go from 0 to 15"},
        {HEAD NONE "counters: {2: {name: a}}\n", 4, "the counters are 0 and 1"},
        {HEAD "slots:\n  0:\n  name: a\n", 4, "slots/0: nothing follows"},
        {HEAD "slots:\n0:\n  name: a\n", 3, "slots: nothing follows"},
        {HEAD NONE "0:\n  name: a\n", 4,
         "'0'; it is a key of slots: is the line indented as it should be?"},
        {HEAD NONE "name: a\n", 4,
         "'name'; it is a key of a slot: is the line"},
        {HEAD SLOT0 "    purpose: data\n    interface: {}\n", 7,
         "it is a key of the file itself"},
        {HEAD "slots:\n\t0: {name: a, purpose: data}\n", 4,
         "a tab: indent with blanks"},
        {HEAD SLOT0 "\t purpose: data\n", 6, "a tab: indent with blanks"},
        {HEAD SLOT0 "   purpose: data\n", 6, "indented like its neighbours"},
        {HEAD SLOT0 "      purpose: data\n", 6, "indented too much"},
        {HEAD "about: a: b\n", 3, "goes between quotes"},
        {HEAD "about: @home\n", 3, "between quotes"},
        {HEAD "about: \"a\n", 3, "a quote that is never closed"},
        {HEAD "about: \xff\n", 3, "save the file as UTF-8"},
        {HEAD "slots: {0: {name: \xc3\xa4, purpose: data}}\n", 3,
         "is no name: small letters"},
        {"policy: p\r\nchip: ATECC608\r\nslots:\r\n  0: {name: a, purpose: "
         "dtaa}\r\n",
         4, "did you mean 'data'?"},
        {HEAD NONE "slots/0: {name: a}\n", 4,
         "'slots/0' is no key of a policy"},
        {HEAD "\"\": a\n", 3, "'' is no key of a policy"},
        {HEAD "slots: {0: {name: a, purpose: data}}\nslots: {}\n", 4,
         "'slots' stands here and in line 3 already"},
        {HEAD "slots: {0: {<<: {purpose: data}, name: a}}\n", 3,
         "no YAML merge keys"},
        {HEAD "slots: {0: {name: a, purpose: }}\n", 3,
         "slots/0/purpose: nothing follows"},
        {HEAD SLOT0 "    purpose: identity\n    regenerate: true\n", 7,
         "did you mean 'yes'?"},
        {HEAD SLOT0 "    purpose: secret\n    write: never\n", 7,
         "did you mean 'nobody'?"},
        {HEAD SLOT0 "    purpose: secret\n    read: with 0\n", 7,
         "slots go by their names; that one is 'a'"},
        {HEAD SLOT0 "    purpose: data\nsecure-boot:\n  public-key: 0\n", 8,
         "slots go by their names; that one is 'a'"},
        {"policy: p\nchip: atecc508a\nslots: {}\n", 2,
         "did you mean 'ATECC508A'?"},
        {HEAD "slots:\n  0: {purpose: data}\n", 4, "has no name"},
        {HEAD SLOT0, 4, "has no purpose"},
        {HEAD SLOT0 "    purpose: identty\n", 6, "did you mean 'identity'?"},
        {HEAD SLOT0 "    purpose: identity\n    regenrate: no\n", 7,
         "slots/0: unknown key 'regenrate'; did you mean 'regenerate'?"},
        {HEAD SLOT0 "    purpose: identity\n    read: anyone\n", 7,
         "what is no private key"},
        {HEAD SLOT0 "    purpose: secret\n    regenerate: yes\n", 7,
         "is for private keys"},
        {HEAD SLOT0 "    purpose: secret\n    read: anione\n", 7,
         "did you mean 'anyone'?"},
        {HEAD SLOT0 "    purpose: secret\n    read: with bb\n"
                    "  1: {name: b, purpose: secret}\n",
         7, "no slot is called 'bb'; did you mean 'b'?"},
        {HEAD SLOT0 "    purpose: secret\n    read: with secret five\n", 7,
         "there is no 'with secret five'"},
        {HEAD SLOT0 "    purpose: data\n    derive: roll\n", 7,
         "does not go together with 'anyone'"},
        {HEAD SLOT0 "    purpose: secret\n    lock: allways\n", 7,
         "there is no 'allways'"},
        {HEAD SLOT0 "    purpose: secret\n    content: born-in-chip\n", 7,
         "only private keys"},
        {HEAD SLOT0 "    purpose: constant\n", 4, "`file: NAME`"},
        {HEAD SLOT0 "    purpose: secret\n    content: later\n    file: x\n", 8,
         "goes with `content: file`"},
        {HEAD SLOT0 "    purpose: boot-key\n", 6, "needs 72 bytes"},
        {HEAD SLOT0 "    purpose: secret\n    bits:\n      ReadKy: 1\n", 8,
         "did you mean 'ReadKey'?"},
        {HEAD SLOT0 "    purpose: secret\n    bits:\n      ReadKey: 16\n", 8,
         "from 0 to 15"},
        {HEAD SLOT0 "    purpose: secret\n    bits:\n      ReadKey: -1\n", 8,
         "'-1' is not a number"},
        {HEAD SLOT0 "    purpose: secret\n  1: {name: a, purpose: data}\n", 7,
         "slot 0 is called 'a' already"},
        {HEAD SLOT0 "    name: b\n", 6, "in line 5 already"},
        {HEAD "slots: {0: {name: anyone, purpose: data}}\n", 3,
         "already means something else"},
        {HEAD "slots: {0: {name: a, purpose: data}}\n"
              "interface: {address: 128}\n",
         4, "from 0 to 127"},
        {HEAD "slots: {0: {name: a, purpose: data}}\n"
              "interface: {watchdog: 2s}\n",
         4, "watchdog: there is no '2s'"},
        {HEAD "slots: {0: {name: a, purpose: data}}\n"
              "counters: {0: {start: 2097152}}\n",
         4, "from 0 to 2097151"},
        {HEAD "slots: {0: {name: a, purpose: data}}\n"
              "locks: {configuration: later}\n",
         4, "only after its configuration"},
        {HEAD "slots: {0: {name: a, purpose: data}}\n"
              "otp: {mode: consumption}\n",
         4, "only the ATECC508A"},
        {HEAD "slots: {0: {name: a, purpose: data}}\nallow:\n"
              "  - {rule: X, where: a}\n",
         5, "`reason:`"},
        {HEAD "slots: {0: {name: a, purpose: data}}\nallow:\n"
              "  - {rule: X, where: b, reason: because it is so}\n",
         5, "no slot is called 'b'"},
        {HEAD "slots: {0: {name: a, purpose: data}}\nallow:\n"
              "  - {rule: X, were: b, reason: because it is so}\n",
         5, "did you mean 'where'?"},
        {"policy: p\nchip: ATECC508A\n"
         "slots: {0: {name: a, purpose: seal-key}}\n",
         3, "needs an ATECC608"},
        {"policy: p\nchip: ATECC508A\n"
         "slots: {0: {name: a, purpose: data}}\nkdf: {aes: yes}\n",
         4, "the ATECC508A has no such thing, only the ATECC608"},
        {"policy: p\nchip: ATECC508A\n"
         "slots: {0: {name: a, purpose: data}}\nbits: {EcdhProt: 1}\n",
         4, "the ATECC508A has no such field"},
        {HEAD "slots: {14: {name: a, purpose: validated-key, validated-by: b,"
              " read: with c}, 13: {name: b, purpose: public-key, content:"
              " later}, 3: {name: c, purpose: secret}}\n",
         3, "one ReadKey for both"},
};

static void test_each_mistake_is_told_with_its_line(void **state)
{
    static struct hd_policy p;

    (void)state;
    for (unsigned i = 0; i < sizeof bad_cases / sizeof bad_cases[0]; i++) {
        const struct bad_case *c = &bad_cases[i];
        struct hd_policy_error why;
        if (hd_policy_load(c->yaml, strlen(c->yaml), &p, &why) !=
            HD_ERR_FORMAT) {
            fail_msg("accepted:\n%s", c->yaml);
        }
        if (why.line != c->line || !strstr(why.text, c->says)) {
            fail_msg("line %u: %s\nexpected line %u: %s, for\n%s", why.line,
                     why.text, c->line, c->says, c->yaml);
        }
    }
}

/* Mistakes that have nothing to do with one another, and of what follows from
 * them (a slot without its name, a name that is not found) nothing. */
static void test_all_mistakes_of_a_file_are_told_at_once(void **state)
{
    static const struct {
        unsigned line;
        const char *says;
    } all[] = {
            {2, "chip: there is no 'ATECC680'"},
            {5, "unknown key 'nmae'; did you mean 'name'?"},
            {7, "unknown key 'regenrate'"},
            {11, "write: there is no 'anybody'"},
            {12, "lock: there is no 'allways'"},
            {13, "purpose: there is no 'sekret'"},
            {14, "interface: unknown key 'adress'"},
            {14, "watchdog: there is no '2s'"},
            {17, "needs `rule:`"},
            {18, "unknown key 'ReadKy'"},
    };
    static const char text[] = "policy: p\n"
                               "chip: ATECC680\n"
                               "slots:\n"
                               "  0:\n"
                               "    nmae: io-key\n"
                               "    purpose: identity\n"
                               "    regenrate: no\n"
                               "  5:\n"
                               "    name: s\n"
                               "    purpose: secret\n"
                               "    write: anybody\n"
                               "    lock: allways\n"
                               "  6: {name: t, purpose: sekret}\n"
                               "interface: {watchdog: 2s, adress: 0x60}\n"
                               "io-protection: {key: io-key}\n"
                               "allow:\n"
                               "  - {rule: X, where: s}\n"
                               "bits: {ReadKy: 1}\n";
    static struct hd_policy p;
    struct hd_policy_report r;

    (void)state;
    assert_int_equal(hd_policy_read(text, sizeof text - 1, &p, &r),
                     HD_ERR_FORMAT);
    for (unsigned i = 0; i < r.count; i++) {
        if (i >= sizeof all / sizeof all[0] ||
            r.errors[i].line != all[i].line ||
            !strstr(r.errors[i].text, all[i].says)) {
            fail_msg("mistake %u is line %u: %s", i, r.errors[i].line,
                     r.errors[i].text);
        }
    }
    assert_int_equal(r.count, sizeof all / sizeof all[0]);
    assert_false(r.more);
    hd_policy_report_free(&r);
}

static void test_more_mistakes_than_fit_are_said_to_be_more(void **state)
{
    static struct hd_policy p;
    static char text[20000];
    struct hd_policy_report r;
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "k%04u: v\n", i);
    }
    assert_int_equal(hd_policy_read(text, len, &p, &r), HD_ERR_FORMAT);
    assert_int_equal(r.count, HD_POLICY_ERRORS);
    assert_true(r.more);
    assert_int_equal(r.errors[31].line, 32);
    hd_policy_report_free(&r);
}

static void test_the_report_knows_where_each_key_stands(void **state)
{
    static const char text[] = "\xEF\xBB\xBF" /* a byte order mark is fine */
                               "policy: p\n"
                               "chip: ATECC608\n"
                               "\n"
                               "slots:\n"
                               "  3:\n"
                               "    name: a\n"
                               "    purpose: secret\n"
                               "    bits:\n"
                               "      ReadKey: 1\n"
                               "  4: {name: b, purpose: secret}\n"
                               "allow:\n"
                               "  - {rule: A, where: a, reason: because it is "
                               "so}\n"
                               "  - rule: B\n"
                               "    where: b\n"
                               "    reason: because it is so\n";
    static const struct {
        const char *path;
        unsigned line, near;
    } places[] = {
            {"policy", 1, 1},
            {"slots/3", 5, 5},
            {"slots/3/purpose", 7, 7},
            {"slots/3/bits/ReadKey", 9, 9},
            {"slots/3/bits/WriteKey", 0, 8},
            {"slots/3/write", 0, 5},
            {"slots/4/purpose", 10, 10},
            {"slots/15/write", 0, 4},
            {"allow/0", 12, 12},
            {"allow/1/reason", 15, 15},
            {"interface/watchdog", 0, 1},
    };
    static struct hd_policy p;
    struct hd_policy_report r;

    (void)state;
    assert_int_equal(hd_policy_read(text, sizeof text - 1, &p, &r), HD_OK);
    assert_int_equal(r.count, 0);
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        unsigned line = hd_policy_line(&r, places[i].path);
        unsigned near = hd_policy_line_near(&r, places[i].path);
        if (line != places[i].line || near != places[i].near) {
            fail_msg("%s: line %u, near %u", places[i].path, line, near);
        }
    }
    hd_policy_report_free(&r);
    assert_int_equal(hd_policy_line(&r, "policy"), 0);
}

static void expect_refused(const char *text, size_t len, const char *says)
{
    static struct hd_policy p;
    struct hd_policy_error why;

    assert_int_equal(hd_policy_load(text, len, &p, &why), HD_ERR_FORMAT);
    if (!strstr(why.text, says)) {
        fail_msg("says: %s\nnot: %s", why.text, says);
    }
}

static void test_yaml_built_to_explode_is_refused(void **state)
{
    static const char laughs[] =
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\nslots: *d\n";
    static char deep[30000];
    static char wide[60000];
    size_t len = 0;

    (void)state;
    expect_refused(laughs, sizeof laughs - 1, "no YAML anchors and aliases");
    expect_refused("slots: {<<: *x}\n", 16, "no YAML merge keys");
    expect_refused("slots: {0: *x}\n", 15, "no YAML anchors and aliases");
    memset(deep, '[', sizeof deep);
    memcpy(deep, "a: ", 3);
    expect_refused(deep, sizeof deep, "nested more than");
    while (len + 20 < sizeof wide) {
        len += (size_t)snprintf(wide + len, 20, "k%05zu: v\n", len);
    }
    expect_refused(wide, len, "this is no policy");
    expect_refused("a: !!binary aGk=\n", 17, "no YAML tags");
    expect_refused("policy: a\n---\npolicy: b\n", 24, "one policy");
    expect_refused("policy: \"a\\0b\"\n", 15, "zero byte");
}

static void test_a_hundred_megabytes_are_refused_unread(void **state)
{
    /* Not one byte of it is there to be read. */
    expect_refused("", 100000000, "longer than 65536 bytes");
    (void)state;
}

static void test_a_policy_for_another_chip_does_not_fit(void **state)
{
    static struct hd_policy p;
    struct hd_policy_error why;
    uint8_t config[128];
    const char *text = HEAD "slots: {0: {name: a, purpose: identity}}\n";

    (void)state;
    must_load(text, strlen(text), &p);
    read_config("tests/data/configs/blank-608a.hex", config);
    assert_true(hd_policy_fits(&p, config, &why));
    read_config("tests/data/configs/arduino-default-tls-508a.hex", config);
    assert_false(hd_policy_fits(&p, config, &why));
    assert_non_null(strstr(why.text, "for ATECC608"));
    assert_non_null(strstr(why.text, "is an ATECC508A"));
    config[6] = 0x42;
    assert_false(hd_policy_fits(&p, config, &why));
    assert_non_null(strstr(why.text, "is no ATECC508A, 608A or 608B"));
    assert_int_equal(hd_policy_from_config(config, &p, &why), HD_ERR_FORMAT);
}

static void test_the_chips_own_bytes_are_taken_from_the_chip(void **state)
{
    static struct hd_policy p;
    uint8_t config[128];
    const char *text = HEAD "slots: {0: {name: a, purpose: identity}}\n";

    (void)state;
    must_load(text, strlen(text), &p);
    read_config("tests/data/configs/seed-notebook.hex", config);
    hd_policy_adopt(&p, config);
    assert_memory_equal(p.config, config, 16);
    assert_memory_equal(p.config + 86, config + 86, 2);
    assert_int_equal(p.config[20], 0x81);
}

/* ----------------------------------------------------------- documentation */

/* The row of docs/policy.md that this key must have. */
static void key_row(const struct hd_policy_key *key, char *out, size_t size)
{
    char words[400] = "";
    size_t used = 0;

    for (unsigned i = 0; i < key->row_count; i++) {
        const char *word = key->rows[i][key->column];
        char quoted[64];
        if (!word) {
            continue;
        }
        size_t plain = strcspn(word, "*");
        (void)snprintf(quoted, sizeof quoted, "`%.*s%s`", (int)plain, word,
                       word[plain] ? "NAME" : "");
        if (!strstr(words, quoted)) {
            used += (size_t)snprintf(words + used, sizeof words - used, "%s%s",
                                     used ? ", " : "", quoted);
        }
    }
    const char *form = key->form == HD_FORM_SLOT     ? "a slot's NAME"
                       : key->form == HD_FORM_NUMBER ? "a number"
                       : key->form == HD_FORM_TEXT   ? "text"
                                                     : "";
    bool both = key->label != HD_F_NONE && key->label != key->field;
    (void)snprintf(out, size, "| `%s` | %s%s | %s%s%s%s | %s |", key->name,
                   words, form,
                   key->field == HD_F_NONE ? ""
                                           : hd_policy_fields[key->field].name,
                   key->field == HD_F_EncryptRead ? ", IsSecret" : "",
                   both ? ", " : "",
                   both ? hd_policy_fields[key->label].name : "", key->doc);
}

static void must_be_documented(const char *doc, const char *row)
{
    if (getenv("PRINT_ROWS")) {
        puts(row);
    } else if (!strstr(doc, row)) {
        fail_msg("docs/policy.md lacks this line:\n%s", row);
    }
}

static void test_the_reference_has_every_key_purpose_and_field(void **state)
{
    char row[800];
    size_t len = 0;
    char *doc = slurp("docs/policy.md", &len);

    (void)state;
    for (unsigned g = 0; g < HD_G_COUNT; g++) {
        for (unsigned i = 0; i < hd_policy_groups[g].count; i++) {
            if (hd_policy_groups[g].keys[i].form != HD_FORM_OWN) {
                key_row(&hd_policy_groups[g].keys[i], row, sizeof row);
                must_be_documented(doc, row);
            }
        }
    }
    for (unsigned i = 0; i < hd_policy_purpose_count; i++) {
        const struct hd_policy_purpose *u = &hd_policy_purposes[i];
        (void)snprintf(row, sizeof row, "| `%s` | 0x%04X | 0x%04X | %s |",
                       u->word, u->slot_config, u->key_config, u->doc);
        must_be_documented(doc, row);
    }
    for (unsigned id = 0; id < HD_F_COUNT; id++) {
        char place[48];
        hd_policy_field_place(id, 0, place, sizeof place);
        (void)snprintf(row, sizeof row, "| `%s` | %s | %s | %s |",
                       hd_policy_fields[id].name, hd_policy_fields[id].word,
                       place, hd_policy_fields[id].doc);
        must_be_documented(doc, row);
    }
    free(doc);
}

/* Every ```yaml block of the reference is a policy. */
static void test_the_examples_of_the_reference_load(void **state)
{
    static struct hd_policy p;
    size_t len = 0;
    unsigned count = 0;
    char *doc = slurp("docs/policy.md", &len);

    (void)state;
    for (char *at = doc; (at = strstr(at, "```yaml\n")) != NULL; count++) {
        at += 8;
        char *end = strstr(at, "```");
        assert_non_null(end);
        must_load(at, (size_t)(end - at), &p);
    }
    assert_int_not_equal(count, 0);
    free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_each_word_of_a_slot_sets_its_bits),
            cmocka_unit_test(test_each_word_of_the_zone_sets_its_bits),
            cmocka_unit_test(test_a_slot_locked_from_the_start_clears_its_bit),
            cmocka_unit_test(test_slots_not_listed_are_closed),
            cmocka_unit_test(test_the_508a_has_its_own_words),
            cmocka_unit_test(test_each_mistake_is_told_with_its_line),
            cmocka_unit_test(test_all_mistakes_of_a_file_are_told_at_once),
            cmocka_unit_test(test_more_mistakes_than_fit_are_said_to_be_more),
            cmocka_unit_test(test_the_report_knows_where_each_key_stands),
            cmocka_unit_test(test_yaml_built_to_explode_is_refused),
            cmocka_unit_test(test_a_hundred_megabytes_are_refused_unread),
            cmocka_unit_test(test_a_policy_for_another_chip_does_not_fit),
            cmocka_unit_test(test_the_chips_own_bytes_are_taken_from_the_chip),
            cmocka_unit_test(
                    test_the_reference_has_every_key_purpose_and_field),
            cmocka_unit_test(test_the_examples_of_the_reference_load),
    };

    return cmocka_run_group_tests_name("policy: words", tests, NULL, NULL);
}
