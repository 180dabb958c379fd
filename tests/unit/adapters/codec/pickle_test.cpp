#include "adapters/codec/pickle.hpp"

#include <gmock/gmock.h>

#include "support/hex.hpp"

namespace togglecast::adapters {
namespace {

using test::from_hex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// pickle.dumps(…, 4) of Python 3.11, as python-socketio 5.7 publishes it.
constexpr const char* kEmit =
    "8004958f000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c026576948c0464617461947d94"
    "8c0161"
    "944b01738c096e616d657370616365948c012f948c04726f6f6d944e8c08736b69705f736964944e8c0863616c6c6261636b944e"
    "8c0768"
    "6f73745f6964948c20366432666134353938303131343733623932366263363566316135306233613894752e";
constexpr const char* kTuple =
    "80049548000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c026576948c0464617461944b01"
    "8c0374"
    "776f94430200ff9487948c096e616d657370616365948c012f94752e";
constexpr const char* kProtocol2 =
    "80027d71002858060000006d6574686f6471015804000000656d6974710258050000006576656e74710358020000006576710458"
    "04000000"
    "6461746171057d710658010000006171074b0173752e";

std::string text_of(std::string_view hex) {
  const auto read = read_pickle(from_hex(hex));
  return read ? json::serialize(read->message.value) : read.error().message;
}

// A pickle of {"v": …}.
std::string dict_with(std::string_view value_hex) {
  return text_of("8004 7d 8c0176 " + std::string(value_hex) + " 73 2e");
}

TEST(Pickle, ReadsWhatPythonWrites) {
  EXPECT_EQ(text_of(kEmit),
            R"({"method":"emit","event":"ev","data":{"a":1},"namespace":"/","room":null,"skip_sid":null,)"
            R"("callback":null,"host_id":"6d2fa4598011473b926bc65f1a50b3a8"})");
  EXPECT_EQ(text_of(kProtocol2), R"({"method":"emit","event":"ev","data":{"a":1}})");
  const auto tuple = read_pickle(from_hex(kTuple));
  ASSERT_TRUE(tuple) << tuple.error().message;
  EXPECT_THAT(tuple->tuples, ElementsAre("data"));
  EXPECT_EQ(tuple->message.attachments.at(0).view(), std::string_view("\0\xff", 2));
  EXPECT_THAT(read_pickle(from_hex(kEmit))->tuples, IsEmpty());
}

TEST(Pickle, ReadsAllPlainValues) {
  EXPECT_EQ(dict_with("4e"), R"({"v":null})");
  EXPECT_EQ(dict_with("88"), R"({"v":true})");
  EXPECT_EQ(dict_with("89"), R"({"v":false})");
  EXPECT_EQ(dict_with("4bff"), R"({"v":255})");
  EXPECT_EQ(dict_with("4dffff"), R"({"v":65535})");
  EXPECT_EQ(dict_with("4affffffff"), R"({"v":-1})");
  EXPECT_EQ(dict_with("8a0500000000ff"), R"({"v":-4294967296})");
  EXPECT_EQ(dict_with("8a00"), R"({"v":0})");
  EXPECT_EQ(dict_with("8a08ffffffffffffff7f"), R"({"v":9223372036854775807})");
  EXPECT_EQ(dict_with("47 3ff8000000000000"), R"({"v":1.5})");
  EXPECT_EQ(dict_with("58 02000000 6162"), R"({"v":"ab"})");
  EXPECT_EQ(dict_with("8d 0200000000000000 6162"), R"({"v":"ab"})");
  EXPECT_EQ(dict_with("8c 02 61ff"), "{\"v\":\"a\xEF\xBF\xBD\"}");
  EXPECT_EQ(dict_with("5d 94 28 4b01 4b02 65"), R"({"v":[1,2]})");
  EXPECT_EQ(dict_with("5d 4b01 61"), R"({"v":[1]})");
  EXPECT_EQ(dict_with("29"), R"({"v":[]})");
  EXPECT_EQ(dict_with("28 4b01 4b02 4b03 4b04 74"), R"({"v":[1,2,3,4]})");
  EXPECT_EQ(dict_with("4b01 85"), R"({"v":[1]})");
  EXPECT_EQ(dict_with("7d 4b07 4e 73"), R"({"v":{"7":null}})");
  EXPECT_EQ(dict_with("8c0178 94 6800 86"), R"({"v":["x","x"]})") << "the memo";
}

TEST(Pickle, RefusesEveryOtherOpcode) {
  const std::string known = ".(GJKMNBCXaehjqrstu)]}\x80\x85\x86\x87\x88\x89\x8a\x8c\x8d\x8e\x94\x95";
  for (int code = 0; code < 256; ++code) {
    const char byte = static_cast<char>(code);
    if (known.find(byte) != std::string::npos) continue;
    const auto read = read_pickle(std::string("\x80\x04") + byte + ".");
    ASSERT_FALSE(read) << code;
    EXPECT_EQ(read.error().code, Errc::forbidden) << code;
    EXPECT_THAT(read.error().message, HasSubstr("byte 2: opcode " + std::to_string(code)));
  }
}

TEST(Pickle, RefusesWhatIsBroken) {
  for (const char* hex : {"",
                          "80",
                          "8004",
                          "8004 2e",
                          "8004 4e 2e",
                          "8004 7d 7d 2e",
                          "8004 7d 28 2e",
                          "8004 7d 2e 00",
                          "8009 7d 2e",
                          "8004 7d 8c05 61",
                          "8004 7d 8c0176 73 2e",
                          "8004 7d 28 4e 75 2e",
                          "8004 73",
                          "8004 61",
                          "8004 5d 73 2e",
                          "8004 75",
                          "8004 74",
                          "8004 85",
                          "8004 94",
                          "8004 6800",
                          "8004 6a ffffffff",
                          "8004 95 00",
                          "8004 8d ffffffffffffffff",
                          "8004 7d 29 4e 73 2e",
                          "8004 28 7d 4b01 4b02 73 2e"}) {
    const auto read = read_pickle(from_hex(hex));
    ASSERT_FALSE(read) << hex;
    EXPECT_EQ(read.error().code, Errc::parse_error) << hex;
  }
  EXPECT_EQ(read_pickle(from_hex("8004 7d 8c0176 8a09 ffffffffffffffffff 73 2e")).error().code,
            Errc::payload_too_large);
}

TEST(Pickle, AValueInsideItselfEnds) {
  EXPECT_EQ(read_pickle(from_hex("8004 7d 94 8c0176 6800 73 2e")).error().code, Errc::payload_too_large);
  EXPECT_EQ(read_pickle(from_hex("8004 7d 8c0176 5d 94 6800 61 73 2e")).error().code,
            Errc::payload_too_large);
}

TEST(Pickle, SharedValuesCannotGrowWithoutEnd) {
  // {"v": t} where each tuple holds the one before it ten times: t0 = (), t1 = (t0, …), … t12.
  std::string bytes = from_hex("8004 7d 8c0176 28 29 94");
  for (int level = 0; level < 12; ++level) {
    bytes += '(';
    for (int i = 0; i < 10; ++i) bytes += std::string("h") + static_cast<char>(level);
    bytes += from_hex("74 94");
  }
  const std::string whole = bytes + from_hex("74 73 2e");

  EXPECT_LT(whole.size(), 400U);
  EXPECT_EQ(read_pickle(whole).error().code, Errc::payload_too_large);
  EXPECT_TRUE(read_pickle(from_hex("8004 7d 8c0176 28 29 94 6800 6800 74 73 2e")));
}

TEST(Pickle, BoundsSizeDepthAndCount) {
  EXPECT_EQ(read_pickle(std::string(101, 'x'), {.bytes = 100}).error().code, Errc::payload_too_large);
  std::string deep = from_hex("8004 7d 8c0176 4e");
  for (int i = 0; i < 200; ++i) deep += '\x85';
  EXPECT_EQ(read_pickle(deep + "s.").error().code, Errc::payload_too_large);
  EXPECT_EQ(read_pickle(from_hex("8004") + std::string(1'000, 'N'), {.values = 999}).error().code,
            Errc::payload_too_large);
}

}  // namespace
}  // namespace togglecast::adapters
