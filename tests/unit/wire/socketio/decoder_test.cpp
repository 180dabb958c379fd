#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/wire/allocation_meter.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::wire::socketio {
namespace {

std::string type_name(PacketType type) {
  switch (type) {
    case PacketType::connect:
      return "CONNECT";
    case PacketType::disconnect:
      return "DISCONNECT";
    case PacketType::event:
      return "EVENT";
    case PacketType::ack:
      return "ACK";
    case PacketType::connect_error:
      return "CONNECT_ERROR";
    case PacketType::binary_event:
      return "BINARY_EVENT";
    case PacketType::binary_ack:
      return "BINARY_ACK";
  }
  return "?";
}

// `EVENT /chat #12 ["a"]`, and `+bytes` for each attachment.
std::string describe(const Packet& packet) {
  std::string out = type_name(packet.type) + " " + packet.nsp;
  if (packet.ack_id) out += " #" + std::to_string(*packet.ack_id);
  if (packet.type == PacketType::connect) out += " " + json::serialize(packet.auth);
  if (packet.type == PacketType::event || packet.type == PacketType::ack) {
    out += " " + json::serialize(json::value(packet.args.values));
    for (const auto& attachment : packet.args.attachments) out += " +" + std::string(attachment.view());
  }
  return out;
}

std::string decode(std::string_view text, std::initializer_list<std::string_view> attachments = {}) {
  Decoder decoder({});
  auto result = decoder.text(text);
  for (const auto attachment : attachments) {
    if (!result) break;
    if (*result) return "complete before its attachments";
    result = decoder.binary(attachment);
  }
  if (!result) return "error: " + result.error().message;
  return *result ? describe(**result) : "waiting";
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

TEST(SocketIoDecoder, ReadsEachTypeOfPacket) {
  const std::vector<Case> cases = {
      {"0", "CONNECT / null"},
      {"0{\"token\":\"a\"}", R"(CONNECT / {"token":"a"})"},
      {"0{}", "CONNECT / {}"},
      {"0/chat", "CONNECT /chat null"},
      {"0/chat,", "CONNECT /chat null"},
      {"0/chat,{\"token\":\"a\"}", R"(CONNECT /chat {"token":"a"})"},
      {"0/,", "CONNECT / null"},
      {"0/", "CONNECT / null"},
      {"0/a?b=c%20d,", "CONNECT /a?b=c%20d null"},
      {"0/__proto__,", "CONNECT /__proto__ null"},
      {"0/Chät/x y,", "CONNECT /Chät/x y null"},
      {"012{\"a\":1}", R"(CONNECT / {"a":1})"},  // an id on CONNECT means nothing
      {"1", "DISCONNECT /"},
      {"1/chat,", "DISCONNECT /chat"},
      {"1/chat", "DISCONNECT /chat"},
      {"112", "DISCONNECT /"},
      {"2[\"a\",1]", R"(EVENT / ["a",1])"},
      {"2[\"a\"]", R"(EVENT / ["a"])"},
      {"2[7,\"x\"]", R"(EVENT / [7,"x"])"},
      {"2[\"\"]", R"(EVENT / [""])"},
      {"2 [ \"a\" , null ] ", R"(EVENT / ["a",null])"},
      {"2/chat,12[\"a\"]", R"(EVENT /chat #12 ["a"])"},
      {"20[\"a\"]", R"(EVENT / #0 ["a"])"},
      {"2007[\"a\"]", R"(EVENT / #7 ["a"])"},
      {"29007199254740991[\"a\"]", R"(EVENT / #9007199254740991 ["a"])"},
      {"2[\"__proto__\",{\"__proto__\":{\"a\":1},\"constructor\":2}]",
       R"(EVENT / ["__proto__",{"__proto__":{"a":1},"constructor":2}])"},
      {"2[\"error\"]", R"(EVENT / ["error"])"},
      {"2[\"a\",{\"_placeholder\":true,\"num\":0}]", R"(EVENT / ["a",{"_placeholder":true,"num":0}])"},
      {"2[\"a\",{\"_placeholder\":true,\"num\":-1}]", R"(EVENT / ["a",{"_placeholder":true,"num":-1}])"},
      {"2[\"a\",\"\\u0000\\ud83d\\ude00\\ud800/\"]", "EVENT / [\"a\",\"\\u0000\xf0\x9f\x98\x80\\ud800/\"]"},
      {"312[]", "ACK / #12 []"},
      {"3/chat,12[\"x\",{\"a\":[]}]", R"(ACK /chat #12 ["x",{"a":[]}])"},
      {"3[]", "ACK / []"},
      {"312[\"connect\"]", R"(ACK / #12 ["connect"])"},
      {"4", "CONNECT_ERROR /"},
      {"41", "CONNECT_ERROR /"},
      {"4{\"message\":\"m\"}", "CONNECT_ERROR /"},
      {"4/chat,\"m\"", "CONNECT_ERROR /chat"},
      {"50-[\"a\",{\"b\":1}]", R"(EVENT / ["a",{"b":1}])"},
      {"60-/chat,3[1]", "ACK /chat #3 [1]"},
      {"500-[\"a\"]", R"(EVENT / ["a"])"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(decode(text), expected) << text;
}

TEST(SocketIoDecoder, CollectsAttachments) {
  EXPECT_EQ(
      decode(R"(52-/chat,["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])", {"one", "two"}),
      R"(EVENT /chat ["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}] +one +two)");
  EXPECT_EQ(decode(R"(61-12[{"_placeholder":true,"num":0}])", {"x"}),
            R"(ACK / #12 [{"_placeholder":true,"num":0}] +x)");
  EXPECT_EQ(
      decode(R"(52-["a",{"deep":[{"num":1,"_placeholder":true}]},{"_placeholder":true,"num":0}])", {"", "y"}),
      R"(EVENT / ["a",{"deep":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}] + +y)");
  // One attachment used twice, one not at all; more members than the two.
  EXPECT_EQ(
      decode(R"(52-["a",{"_placeholder":true,"num":1,"x":3},{"_placeholder":true,"num":1.0}])", {"p", "q"}),
      R"(EVENT / ["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":1}] +p +q)");
  // Only the boolean true marks a placeholder.
  EXPECT_EQ(
      decode(R"(51-["a",{"_placeholder":"true","num":9},{"_placeholder":1},{"_placeholder":false}])", {"p"}),
      R"(EVENT / ["a",{"_placeholder":"true","num":9},{"_placeholder":1},{"_placeholder":false}] +p)");
  EXPECT_EQ(decode(R"(510-["a"])", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}),
            R"(EVENT / ["a"] +0 +1 +2 +3 +4 +5 +6 +7 +8 +9)");
  EXPECT_EQ(decode(R"(52-["a"])", {"one"}), "waiting");
}

TEST(SocketIoDecoder, NamesWhatIsWrong) {
  const std::vector<Case> cases = {
      {"", "byte 0: empty packet"},
      {"7", "byte 0: unknown packet type"},
      {"a", "byte 0: unknown packet type"},
      {" 2[\"a\"]", "byte 0: unknown packet type"},
      {"-1", "byte 0: unknown packet type"},
      {"0[]", "byte 1: CONNECT payload is not an object"},
      {"0\"a\"", "byte 1: CONNECT payload is not an object"},
      {"0null", "byte 1: CONNECT payload is not an object"},
      {"0/chat,[1]", "byte 7: CONNECT payload is not an object"},
      {"1{}", "byte 1: DISCONNECT has a payload"},
      {"1/chat,\"bye\"", "byte 7: DISCONNECT has a payload"},
      {"2", "byte 1: EVENT payload is not an array"},
      {"2/chat,", "byte 7: EVENT payload is not an array"},
      {"212", "byte 3: EVENT payload is not an array"},
      {"2{}", "byte 1: EVENT payload is not an array"},
      {"2\"a\"", "byte 1: EVENT payload is not an array"},
      {"2[]", "byte 1: EVENT without a name"},
      {"2[null]", "byte 1: EVENT name is neither string nor number"},
      {"2[{}]", "byte 1: EVENT name is neither string nor number"},
      {"2[true]", "byte 1: EVENT name is neither string nor number"},
      {"2[[\"a\"]]", "byte 1: EVENT name is neither string nor number"},
      {"2[\"connect\"]", "byte 1: EVENT name is reserved"},
      {"2[\"connect_error\"]", "byte 1: EVENT name is reserved"},
      {"2[\"disconnect\"]", "byte 1: EVENT name is reserved"},
      {"2[\"disconnecting\",1]", "byte 1: EVENT name is reserved"},
      {"2[\"newListener\"]", "byte 1: EVENT name is reserved"},
      {"2[\"removeListener\"]", "byte 1: EVENT name is reserved"},
      {"51-[\"connect\"]", "byte 3: EVENT name is reserved"},
      {"29007199254740992[\"a\"]", "byte 17: ack id above 2^53-1"},
      {"299999999999999999999999[\"a\"]", "byte 24: ack id above 2^53-1"},
      {"3", "byte 1: ACK payload is not an array"},
      {"31", "byte 2: ACK payload is not an array"},
      {"31{}", "byte 2: ACK payload is not an array"},
      {"31\"a\"", "byte 2: ACK payload is not an array"},
      {"4[]", "byte 1: CONNECT_ERROR payload is neither object nor string"},
      {"4 1", "byte 1: CONNECT_ERROR payload is neither object nor string"},
      {"5[\"a\"]", "byte 1: attachment count is not a whole number"},
      {"5-[\"a\"]", "byte 1: attachment count is not a whole number"},
      {"5", "byte 1: attachment count is not a whole number"},
      {"5-1-[\"a\"]", "byte 1: attachment count is not a whole number"},
      {"5 1-[\"a\"]", "byte 1: attachment count is not a whole number"},
      {"5x-[\"a\"]", "byte 1: attachment count is not a whole number"},
      {"51[\"a\"]", "byte 2: no '-' after the attachment count"},
      {"51", "byte 2: no '-' after the attachment count"},
      {"51.5-[\"a\"]", "byte 2: no '-' after the attachment count"},
      {"51e0-[\"a\"]", "byte 2: no '-' after the attachment count"},
      {"511-[\"a\"]", "more than 10 attachments in one packet"},
      {"511-", "more than 10 attachments in one packet"},
      {"599999999999999999999999-[\"a\"]", "more than 10 attachments in one packet"},
      {"51-", "byte 3: EVENT payload is not an array"},
      {"61-1", "byte 4: ACK payload is not an array"},
      {"51-[{\"_placeholder\":true,\"num\":0}]", "byte 3: EVENT name is neither string nor number"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(decode(text), "error: " + std::string(expected)) << text;
}

TEST(SocketIoDecoder, RefusesBadJson) {
  const std::vector<std::string_view> texts = {
      "2[",          "2[\"a\"",        "2[\"a\",]",       "2[\"a\"]x",  "2[\"a\"][\"b\"]",
      "2['a']",      "2[\"a\",NaN]",   "2[\"a\",01]",     "2[\"\n\"]",  "2[\"a\",undefined]",
      "2,[\"a\"]",   "2chat,[\"a\"]",  "2/chat[\"a\",1]", "2-1[\"a\"]", "2+1[\"a\"]",
      "20x1[\"a\"]", "21.5[\"a\"]",    "2[\"\\x\"]",      "0{\"a\":1",  "0{a:1}",
      "51-[\"a\"",   {"2[\"a\"]\0", 7}};
  for (const auto text : texts) {
    Decoder decoder({});
    const auto result = decoder.text(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Errc::parse_error) << text;
    EXPECT_THAT(result.error().message, testing::HasSubstr("payload")) << text;
  }
}

TEST(SocketIoDecoder, RefusesPlaceholdersWithoutAnAttachment) {
  for (const std::string_view num :
       {"1", "-1", "0.5", "\"0\"", "null", "true", "[0]", "1e3", "18446744073709551615", "1e300", "-0.5"}) {
    const std::string text = R"(51-["a",{"_placeholder":true,"num":)" + std::string(num) + "}]";
    EXPECT_EQ(decode(text, {"x"}),
              "error: byte 3: placeholder without a whole number below the attachment count")
        << num;
  }
  EXPECT_THAT(decode(R"(51-["a",{"_placeholder":true}])", {"x"}),
              testing::StartsWith("error: byte 3: placeholder"));
  EXPECT_THAT(decode(R"(50-["a",{"_placeholder":true,"num":0}])"),
              testing::StartsWith("error: byte 3: placeholder"));
  EXPECT_THAT(decode(R"(60-1[{"_placeholder":true,"num":0}])"),
              testing::StartsWith("error: byte 4: placeholder"));
}

// Each is an attachment of its own once it is sent on: 34,000 of them fit into a megabyte, and may all mean
// the same megabyte.
TEST(SocketIoDecoder, PlaceholdersThatRepeatAnAttachmentCountAsAttachments) {
  const auto repeating = [](int times) {
    std::string text = R"(51-["a")";
    for (int i = 0; i < times; ++i) text += R"(,{"_placeholder":true,"num":0})";
    return text + "]";
  };
  Decoder decoder({.attachments = 10});

  EXPECT_TRUE(decoder.text(repeating(10)));
  EXPECT_EQ(decoder.binary("x").value().value().args.values.size(), 11U);
  EXPECT_EQ(decoder.text(repeating(11)).error().message, "byte 3: more than 10 placeholders in one packet");
  EXPECT_EQ(decoder.text(repeating(1'000)).error().code, Errc::payload_too_large);
}

TEST(SocketIoDecoder, RefusesWhatComesOutOfTurn) {
  Decoder fresh({});
  EXPECT_EQ(fresh.binary("x").error().message, "binary message that no packet announced");

  Decoder after_packet({});
  ASSERT_TRUE(after_packet.text("2[\"a\"]"));
  EXPECT_FALSE(after_packet.binary("x"));

  Decoder after_attachments({});
  ASSERT_TRUE(after_attachments.text(R"(51-["a",{"_placeholder":true,"num":0}])"));
  ASSERT_TRUE(after_attachments.binary("x").value().has_value());
  EXPECT_FALSE(after_attachments.binary("y"));

  for (const std::string_view text : {"2[\"b\"]", R"(51-["a"])", "", "1"}) {
    Decoder waiting({});
    ASSERT_TRUE(waiting.text(R"(52-["a"])"));
    ASSERT_TRUE(waiting.binary("x"));
    EXPECT_EQ(waiting.text(text).error().message, "text message while attachments are due");
  }
}

TEST(SocketIoDecoder, DecodesOnePacketAfterAnother) {
  Decoder decoder({});

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(describe(**decoder.text("2[\"a\"]")), R"(EVENT / ["a"])");
    EXPECT_FALSE(decoder.text(R"(51-["b",{"_placeholder":true,"num":0}])").value().has_value());
    EXPECT_EQ(describe(**decoder.binary("x")), R"(EVENT / ["b",{"_placeholder":true,"num":0}] +x)");
  }
}

TEST(SocketIoDecoder, HoldsTheLimitsItWasGiven) {
  Decoder decoder({.attachments = 2, .json = {.depth = 3}});

  EXPECT_EQ(decoder.text("53-[\"a\"]").error().code, Errc::payload_too_large);
  EXPECT_TRUE(decoder.text("2[\"a\",[[]]]"));
  EXPECT_EQ(decoder.text("2[\"a\",[[[]]]]").error().code, Errc::payload_too_large);

  Decoder unlimited({.attachments = SIZE_MAX});
  EXPECT_TRUE(unlimited.text("5100000-[\"a\"]"));
}

TEST(SocketIoDecoder, SaysWhichLimitWasPassed) {
  Decoder decoder({.attachments = 1, .json = {.depth = 2}});
  const auto passed = [&decoder](std::string_view text) {
    EXPECT_FALSE(decoder.text(text)) << text;
    return decoder.passed_limit();
  };

  EXPECT_EQ(passed("2[\"a\",[[]]]"), PassedLimit::json_depth);
  EXPECT_EQ(passed("52-[\"a\"]"), PassedLimit::attachments);
  EXPECT_EQ(passed(R"(51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}])"),
            PassedLimit::attachments);
  EXPECT_EQ(passed("2[\"a\""), PassedLimit::none);
}

TEST(SocketIoDecoder, CutPacketsNeverCrashAndNeverGrowPastTheirText) {
  const std::string text = R"(52-/chat,12["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  for (std::size_t size = 0; size < text.size(); ++size) {
    Decoder decoder({});
    EXPECT_FALSE(decoder.text(std::string_view(text).substr(0, size))) << size;
  }
}

TEST(SocketIoDecoder, CostsLittleForHostileText) {
  std::string deep(60'000, '[');
  std::string digits = "2" + std::string(60'000, '9');
  std::string count = "5" + std::string(60'000, '9') + "-[\"a\"]";
  std::string announced = "510-[\"a\"]";
  const test::AllocationMeter meter;
  Decoder decoder({});

  EXPECT_FALSE(decoder.text("2" + deep));
  EXPECT_FALSE(decoder.text(digits));
  EXPECT_FALSE(decoder.text(count));
  EXPECT_TRUE(decoder.text(announced));

  EXPECT_LE(meter.largest(), 130'000U);  // the text itself, which this test copies once
  EXPECT_LE(sizeof(Decoder), 32U);
}

// `/chat #12 name(1,{"a":2})`.
std::string describe(const std::optional<PlainEvent>& event) {
  if (!event) return "not plain";
  std::string out = std::string(event->nsp);
  if (event->ack_id) out += " #" + std::to_string(*event->ack_id);
  return out + ' ' + std::string(event->name) + '(' + std::string(event->args) + ')';
}

TEST(Decoder, ReadsEventsOfPlainJsonAsText) {
  const Decoder decoder({});
  const std::vector<Case> cases = {
      {R"(2["a"])", "/ a()"},
      {R"(212["a",1])", "/ #12 a(1)"},
      {R"(2/chat,0["a b",1,{"c":[2]},"d"])", R"(/chat #0 a b(1,{"c":[2]},"d"))"},
      {R"(2/q?x=["a"])", "not plain"},
      {R"(2[""])", "/ ()"},
      {R"(2["connect"])", "not plain"},  // reserved
      {R"(2["disconnecting",1])", "not plain"},
      {R"(2["a\n",1])", "not plain"},
      {R"(2[1,2])", "not plain"},
      {R"(2[["a"]])", "not plain"},
      {R"(2[{"a":1}])", "not plain"},
      {R"(2[])", "not plain"},
      {R"(2["a",])", "not plain"},
      {R"(2["a" ,1])", "not plain"},
      {R"(2["a",1e3])", "not plain"},
      {R"(2["a"]x)", "not plain"},
      {R"(2{"a":1})", "not plain"},
      {"2", "not plain"},
      {"", "not plain"},
      {R"(29007199254740992["a"])", "not plain"},
      {R"(31["a"])", "not plain"},
      {R"(0{"a":1})", "not plain"},
      {R"(51-["a",{"_placeholder":true,"num":0}])", "not plain"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(describe(decoder.plain_event(text)), expected) << text;
}

TEST(Decoder, ReadsNoEventAsTextThatIsTooDeepOrComesTooEarly) {
  const Decoder shallow({.json = {.depth = 2}});
  EXPECT_EQ(describe(shallow.plain_event(R"(2["a",[1]])")), "/ a([1])");
  EXPECT_EQ(describe(shallow.plain_event(R"(2["a",[[1]]])")), "not plain");

  Decoder waiting({});
  ASSERT_TRUE(waiting.text(R"(51-["a",{"_placeholder":true,"num":0}])").has_value());
  EXPECT_EQ(describe(waiting.plain_event(R"(2["a"])")), "not plain");
}

}  // namespace
}  // namespace togglecast::wire::socketio
