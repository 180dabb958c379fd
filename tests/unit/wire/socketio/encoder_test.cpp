#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "wire/socketio/packet.hpp"

namespace togglecast::wire::socketio {
namespace {

json::array values(std::string_view text) { return std::move(json::parse(text).value().get_array()); }

std::vector<std::string> bytes(const Encoded& encoded) {
  std::vector<std::string> out;
  for (const auto& attachment : encoded.attachments) out.emplace_back(attachment.view());
  return out;
}

Arguments with(std::string_view text, std::initializer_list<std::string_view> attachments) {
  Arguments args{values(text), {}};
  for (const auto attachment : attachments) args.attachments.emplace_back(attachment);
  return args;
}

using List = std::vector<std::string>;

TEST(SocketIoEncoder, WritesEvents) {
  EXPECT_EQ(encode_event("/", std::nullopt, with(R"(["a",1])", {})).text, R"(2["a",1])");
  EXPECT_EQ(encode_event("/chat", std::nullopt, with(R"(["a"])", {})).text, R"(2/chat,["a"])");
  EXPECT_EQ(encode_event("/chat", 12, with(R"(["a"])", {})).text, R"(2/chat,12["a"])");
  EXPECT_EQ(encode_event("/", 0, with(R"(["a"])", {})).text, R"(20["a"])");
  EXPECT_EQ(encode_event("/", kMaxAckId, with(R"(["a"])", {})).text, R"(29007199254740991["a"])");
}

TEST(SocketIoEncoder, WritesAcks) {
  EXPECT_EQ(encode_ack("/", 12, {}).text, "312[]");
  EXPECT_EQ(encode_ack("/chat", 12, with(R"(["x"])", {})).text, R"(3/chat,12["x"])");
  EXPECT_EQ(encode_ack("/", 12, with(R"([{"_placeholder":true,"num":0}])", {"b"})).text,
            R"(61-12[{"_placeholder":true,"num":0}])");
}

TEST(SocketIoEncoder, NumbersAttachmentsByAppearance) {
  const Encoded encoded =
      encode_event("/chat", 3,
                   with(R"(["a",{"x":[{"_placeholder":true,"num":2}]},{"_placeholder":true,"num":0}])",
                        {"zero", "unused", "two"}));

  EXPECT_EQ(encoded.text,
            R"(52-/chat,3["a",{"x":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}])");
  EXPECT_EQ(bytes(encoded), (List{"two", "zero"}));
}

TEST(SocketIoEncoder, SendsAnAttachmentUsedTwiceTwice) {
  const Arguments args = with(R"(["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}])", {"x"});

  const Encoded encoded = encode_event("/", std::nullopt, args);

  EXPECT_EQ(encoded.text, R"(52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  EXPECT_EQ(bytes(encoded), (List{"x", "x"}));
  EXPECT_TRUE(encoded.attachments[1].same_as(args.attachments[0]));
}

TEST(SocketIoEncoder, LeavesDataThatLooksLikeAPlaceholderAlone) {
  const std::string data = R"(["a",{"_placeholder":true,"num":0,"more":1}])";

  EXPECT_EQ(encode_event("/", std::nullopt, with(data, {})).text, "2" + data);
  EXPECT_EQ(encode_event("/", std::nullopt, with(R"(["a",{"_placeholder":"true","num":0}])", {"x"})).text,
            R"(2["a",{"_placeholder":"true","num":0}])");
}

TEST(SocketIoEncoder, DropsAttachmentsWithoutAPlaceholder) {
  const Encoded encoded = encode_event("/", std::nullopt, with(R"(["a"])", {"x"}));

  EXPECT_EQ(encoded.text, R"(2["a"])");
  EXPECT_TRUE(encoded.attachments.empty());
}

TEST(SocketIoEncoder, SendsNullForAPlaceholderWithoutAttachment) {
  const Encoded encoded = encode_event(
      "/", std::nullopt, with(R"(["a",{"_placeholder":true,"num":7},{"_placeholder":true,"num":0}])", {"x"}));

  EXPECT_EQ(encoded.text, R"(51-["a",null,{"_placeholder":true,"num":0}])");
}

TEST(SocketIoEncoder, WritesConnectAndItsRefusal) {
  EXPECT_EQ(encode_connect("/", "abc"), R"(0{"sid":"abc"})");
  EXPECT_EQ(encode_connect("/chat", "abc", "p\"q"), R"(0/chat,{"sid":"abc","pid":"p\"q"})");
  EXPECT_EQ(encode_connect_error("/nope", "Invalid namespace", nullptr),
            R"(4/nope,{"message":"Invalid namespace"})");
  EXPECT_EQ(encode_connect_error("/", "No", json::object{{"code", 1}}),
            R"(4{"message":"No","data":{"code":1}})");
  EXPECT_EQ(encode_connect_error("/", "No", false), R"(4{"message":"No","data":false})");
}

TEST(SocketIoEncoder, WritesDisconnect) {
  EXPECT_EQ(encode_disconnect("/"), "1");
  EXPECT_EQ(encode_disconnect("/chat"), "1/chat,");
}

TEST(SocketIoEncoder, WritesJsonAsTheReferenceDoes) {
  Arguments args;
  args.values = {"a\"/\xc3\xa9\n", 0.1, 1e-7, kMaxAckId, std::numeric_limits<double>::infinity(), true};

  EXPECT_EQ(encode_event("/", std::nullopt, args).text,
            "2[\"a\\\"/\xc3\xa9\\n\",0.1,1e-7,9007199254740991,null,true]");
}

TEST(SocketIoEncoder, IsReadBackByTheDecoder) {
  const Arguments args =
      with(R"(["a",{"__proto__":{"_placeholder":true,"num":1}},[],{"_placeholder":true,"num":0}])",
           {"one", std::string_view("\0two", 4)});
  Decoder decoder({});

  const Encoded encoded = encode_event("/chat", 5, args);
  auto result = decoder.text(encoded.text);
  for (const auto& attachment : encoded.attachments) {
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    result = decoder.binary(attachment.view());
  }

  ASSERT_TRUE(result && *result);
  const Encoded again = encode_event((*result)->nsp, (*result)->ack_id, (*result)->args);
  EXPECT_EQ(again.text, encoded.text);
  EXPECT_EQ(bytes(again), bytes(encoded));
}

}  // namespace
}  // namespace togglecast::wire::socketio
