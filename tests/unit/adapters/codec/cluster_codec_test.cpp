#include "adapters/codec/cluster_codec.hpp"

#include <gmock/gmock.h>

#include "adapters/stream_reader.hpp"
#include "base/base64.hpp"
#include "support/hex.hpp"

namespace togglecast::adapters {
namespace {

using test::from_hex;
using ::testing::ElementsAre;

template <typename T>
T body_of(const Result<std::optional<Message>>& read) {
  if (!read || !*read) {
    ADD_FAILURE() << (read ? "no message" : read.error().message);
    return T{};
  }
  return std::get<T>((*read)->body);
}

TEST(ClusterCodec, ReadsCapturedText) {
  const auto read = read_cluster(
      R"({"type":3,"data":{"packet":{"type":2,"data":["ev",1,"x"]},"opts":{"rooms":["r1"],"except":["r3"],"flags":{}}},"uid":"77f356a2cef41d15","nsp":"/"})");

  const auto event = body_of<EventMessage>(read);
  EXPECT_EQ((*read)->uid, "77f356a2cef41d15");
  EXPECT_EQ((*read)->nsp, "/");
  EXPECT_EQ(json::serialize(event.event.values), R"(["ev",1,"x"])");
  EXPECT_THAT(event.targets.except, ElementsAre("r3"));
  EXPECT_EQ(
      body_of<ClientCountAnswer>(
          read_cluster(
              R"({"type":11,"data":{"requestId":"cee64e889354ec1b","clientCount":1},"uid":"6dc06843e026695a","nsp":"/"})"))
          .clients,
      1U);
}

TEST(ClusterCodec, ReadsACapturedQuestionInMessagePack) {
  const auto fetch = body_of<FetchMessage>(read_cluster(
      from_hex("84 a474797065 07 a464617461 82 a46f707473 83 a5726f6f6d73 91 a27231 a6657863657074 90 "
               "a5666c616773 80 a9726571756573744964 b0") +
      "e99436f036098836" + from_hex("a3756964 b0") + "3a0c9a83d5600dc7" + from_hex("a36e7370 a12f")));

  EXPECT_EQ(fetch.request_id, "e99436f036098836");
  EXPECT_THAT(fetch.targets.rooms, ElementsAre("r1"));
}

TEST(ClusterCodec, ReadsBackAMessageThatNamesNoSender) {
  const Message nameless{"", "/", EventMessage{socketio::arguments("e", 1), {}}};

  const auto read = read_cluster(write_cluster_text(nameless));

  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->uid, "");
}

TEST(ClusterCodec, WritesTextUnlessThereAreBinaryParts) {
  const Message text{"u", "/", EventMessage{socketio::arguments("e", 1), {}}};
  const Message binary{"u", "/",
                       EventMessage{socketio::arguments("e", socketio::Binary{SharedBytes("b")}), {}}};

  EXPECT_EQ(
      write_cluster_text(text),
      R"({"uid":"u","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["e",1]},"opts":{"rooms":[],"except":[],"flags":{}}}})");
  EXPECT_NE(write_cluster_text(binary).front(), '{');
  for (const auto& bytes : {write_cluster_text(binary), write_cluster_msgpack(binary)})
    EXPECT_EQ(body_of<EventMessage>(read_cluster(bytes)).event.attachments.at(0).view(), "b");
}

TEST(ClusterCodec, ReadsAllThatItWrites) {
  const RemoteSocket socket{"id", {"id"}, nullptr, {{"a", 1}}};
  for (const Body& body :
       {Body{JoinMessage{{}, {"r"}}}, Body{LeaveMessage{{}, {"r"}}}, Body{DisconnectMessage{{}, true}},
        Body{FetchMessage{{}, "q"}}, Body{ServerEventMessage{socketio::arguments("e"), "q"}},
        Body{ClientCountAnswer{"q", 3}}, Body{ClientAnswer{"q", socketio::arguments(1)}},
        Body{SocketsAnswer{"q", {socket}}}, Body{ServerAnswer{"q", socketio::arguments("x")}}}) {
    const Message message{"u", "/n", body};
    for (const auto& bytes : {write_cluster_text(message), write_cluster_msgpack(message)}) {
      const auto read = read_cluster(bytes);
      ASSERT_TRUE(read && *read);
      EXPECT_EQ((*read)->body.index(), body.index());
      EXPECT_EQ(write_cluster_text(**read), write_cluster_text(message));
    }
  }
}

TEST(ClusterCodec, StreamEntriesAreThoseOfNode) {
  EventMessage event{socketio::arguments("ev", 2), {}};
  event.targets.rooms = {"r1"};
  const auto fields = write_stream_entry({"3a0c9a83d5600dc7", "/", event});
  EXPECT_THAT(
      fields,
      ElementsAre(
          std::pair<std::string, std::string>{"uid", "3a0c9a83d5600dc7"},
          std::pair<std::string, std::string>{"nsp", "/"}, std::pair<std::string, std::string>{"type", "3"},
          std::pair<std::string, std::string>{
              "data",
              R"({"packet":{"type":2,"data":["ev",2]},"opts":{"rooms":["r1"],"except":[],"flags":{}}})"}));

  const auto captured = body_of<EventMessage>(read_stream_entry(
      {{"uid", "3a0c9a83d5600dc7"},
       {"nsp", "/"},
       {"type", "3"},
       {"data", "gqZwYWNrZXSCpHR5cGUCpGRhdGGSo2JpbsQCAQKkb3B0c4Olcm9vbXOQpmV4Y2VwdJClZmxhZ3OA"}}));
  EXPECT_EQ(captured.event.attachments.at(0).view(), "\1\2");
  EXPECT_FALSE(*read_stream_entry({{"uid", "x"}, {"type", "3"}, {"data", "{}"}})) << "without nsp";
  EXPECT_FALSE(*read_stream_entry({{"nsp", "/"}, {"type", "2"}})) << "a heartbeat";
  EXPECT_FALSE(read_stream_entry({{"nsp", "/"}, {"type", "x"}}));
  EXPECT_FALSE(read_stream_entry({{"nsp", "/"}, {"type", "3"}, {"data", "!!"}}));
}

TEST(ClusterCodec, SessionsComeBack) {
  const socketio::RecoverableSession session{
      "abcdefghijklmnopqrst", "pid", {"abcdefghijklmnopqrst", "r"}, {{"a", 1}}};

  const std::string text = write_session(session);
  const auto read = read_session(text);

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->sid, session.sid);
  EXPECT_EQ(read->pid, session.pid);
  EXPECT_EQ(read->rooms, session.rooms);
  EXPECT_EQ(read->data, session.data);
  EXPECT_FALSE(read_session(write_session({"short", "pid", {}, {}})));
  EXPECT_FALSE(read_session("????"));
}

TEST(StreamNames, AreThoseOfNode) {
  EXPECT_EQ(stream_of("/", "socket.io", 1), "socket.io");
  // As Node: the hash has a sign, and so has the remainder.
  EXPECT_EQ(stream_of("/", "s", 10), "s-7");
  EXPECT_EQ(stream_of("/\xC3\xA4", "s", 1'000'000), "s-1685");
  EXPECT_EQ(stream_of("/\xF0\x9F\x98\x80", "s", 1'000'000'000), "s-1818066");
  EXPECT_EQ(stream_of("/a long name of a namespace", "s", 1'000), "s--590");
}

TEST(StreamIds, AreReadStrictly) {
  EXPECT_EQ(parse_stream_id("1795395141415-7"), (StreamId{1'795'395'141'415, 7}));
  for (const char* text : {"", "1", "1-", "-1", "a-1", "1-a", "1-1 ", "1-1-1", "99999999999999999999-1"})
    EXPECT_FALSE(parse_stream_id(text)) << text;
  EXPECT_LT((StreamId{5, 9}), (StreamId{6, 0}));
  EXPECT_EQ(to_string(StreamId{5, 9}), "5-9");
}

}  // namespace
}  // namespace togglecast::adapters
