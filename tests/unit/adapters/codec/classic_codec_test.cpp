#include "adapters/codec/classic_codec.hpp"

#include <gmock/gmock.h>

#include "support/hex.hpp"

namespace togglecast::adapters {
namespace {

using test::from_hex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Captured from @socket.io/redis-adapter 8.3.0 and @socket.io/redis-emitter 5.1.0.
constexpr const char* kBroadcast =
    "93 a6 644973 44427a 83 a474797065 02 a464617461 93 a26576 01 a178 a36e7370 a12f 83 a5726f6f6d73 90 "
    "a6657863657074 90 a5666c616773 80";
constexpr const char* kEmitted =
    "93 a7656d6974746572 83 a474797065 02 a464617461 93 a26869 a161 01 a36e7370 a12f 83 a5726f6f6d73 90 "
    "a5666c616773 80 a6657863657074 90";
constexpr const char* kAnswer =
    "83 a474797065 09 a9726571756573744964 a6 677335 52617a a67061636b6574 a5 676f742d31";

template <typename T>
T request(std::string_view bytes) {
  auto read = read_classic_request(bytes, "/");
  if (!read || !*read) {
    ADD_FAILURE() << (read ? "no message" : read.error().message);
    return T{};
  }
  return std::get<T>((*read)->body);
}

TEST(ClassicCodec, ReadsCapturedBroadcasts) {
  for (const auto& [bytes, uid, event] : {std::tuple{kBroadcast, "dIsDBz", R"(["ev",1,"x"])"},
                                          std::tuple{kEmitted, "emitter", R"(["hi","a",1])"}}) {
    const auto read = read_classic_broadcast(from_hex(bytes));

    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->uid, uid);
    EXPECT_EQ(read->nsp, "/");
    const auto& body = std::get<EventMessage>(read->body);
    EXPECT_EQ(json::serialize(body.event.values), event);
    EXPECT_THAT(body.targets.rooms, IsEmpty());
    EXPECT_FALSE(body.targets.is_volatile);
  }
}

TEST(ClassicCodec, WritesBroadcastsThatItReads) {
  EventMessage event{socketio::arguments("bin", socketio::Binary{SharedBytes("\1")}), {}};
  event.targets.rooms = {"r1", "r2"};
  event.targets.except = {"r3"};
  event.targets.is_volatile = true;

  const auto read = read_classic_broadcast(write_classic_broadcast({"abcdef", "/chat", event}));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->nsp, "/chat");
  const auto& body = std::get<EventMessage>(read->body);
  EXPECT_THAT(body.targets.rooms, ElementsAre("r1", "r2"));
  EXPECT_THAT(body.targets.except, ElementsAre("r3"));
  EXPECT_TRUE(body.targets.is_volatile);
  EXPECT_EQ(body.event.attachments.at(0).view(), "\1");
}

TEST(ClassicCodec, ReadsCapturedRequests) {
  const auto join = request<JoinMessage>(
      R"({"uid":"dIsDBz","type":2,"opts":{"rooms":["r1"],"except":[]},"rooms":["r9",7]})");
  EXPECT_THAT(join.targets.rooms, ElementsAre("r1"));
  EXPECT_THAT(join.rooms, ElementsAre("r9", "7"));
  EXPECT_THAT(request<LeaveMessage>(R"({"type":3,"opts":{"rooms":[],"except":[]},"rooms":["r2"]})").rooms,
              ElementsAre("r2"));
  EXPECT_TRUE(
      request<DisconnectMessage>(R"({"uid":"x","type":4,"opts":{"rooms":["r9"],"except":[]},"close":true})")
          .close);
  EXPECT_EQ(request<FetchMessage>(
                R"({"uid":"dIsDBz","requestId":"D-xxmJ","type":5,"opts":{"rooms":["r1"],"except":[]}})")
                .request_id,
            "D-xxmJ");
  EXPECT_EQ(request<ServerEventMessage>(R"({"uid":"dIsDBz","type":6,"data":["hello",1]})").request_id, "");
  EXPECT_EQ(request<RoomsMessage>(R"({"uid":"dIsDBz","requestId":"NA_3lk","type":1})").request_id, "NA_3lk");
  EXPECT_THAT(request<IdsMessage>(R"({"uid":"x","requestId":"a","type":0,"rooms":["r"]})").rooms,
              ElementsAre("r"));
  EXPECT_EQ(request<OneSocketMessage>(R"({"type":2,"sid":"s","room":"r","requestId":"q"})").room, "r");
}

TEST(ClassicCodec, WritesRequestsAsNodeReadsThem) {
  JoinMessage join{{}, {"r9"}};
  join.targets.rooms = {"r1"};

  EXPECT_EQ(write_classic_request({"abcdef", "/", join}),
            R"({"type":2,"opts":{"rooms":["r1"],"except":[]},"rooms":["r9"],"uid":"abcdef"})");

  EventMessage event{socketio::arguments("ask", 1), {}, "gs5Raz"};
  event.targets.timeout = Milliseconds{500};
  const std::string bytes = write_classic_request({"abcdef", "/", event});
  EXPECT_NE(bytes.front(), '{');
  const auto read = request<EventMessage>(bytes);
  EXPECT_EQ(read.request_id, "gs5Raz");
  EXPECT_EQ(read.targets.timeout, Milliseconds{500});
}

TEST(ClassicCodec, ReadsCapturedResponses) {
  const auto answer = read_classic_response(from_hex(kAnswer), "/");
  ASSERT_TRUE(answer && *answer);
  const auto& client = std::get<ClientAnswer>((*answer)->body);
  EXPECT_EQ(client.request_id, "gs5Raz");
  EXPECT_EQ(client.answer.values.at(0), json::value("got-1"));

  const auto count = read_classic_response(R"({"type":8,"requestId":"gs5Raz","clientCount":1})", "/");
  EXPECT_EQ(std::get<ClientCountAnswer>((*count)->body).clients, 1U);
  const auto sockets = read_classic_response(
      R"({"requestId":"D-xxmJ","sockets":[{"id":"a","handshake":{"time":"t"},"rooms":["a","r"],"data":{"x":1}}]})",
      "/");
  const auto& socket = std::get<SocketsAnswer>((*sockets)->body).sockets.at(0);
  EXPECT_EQ(socket.id, "a");
  EXPECT_THAT(socket.rooms, ElementsAre("a", "r"));
  EXPECT_EQ(socket.data, (json::value{{"x", 1}}));
  const auto server = read_classic_response(R"({"type":6,"requestId":"4FpY1x","data":"pong"})", "/");
  EXPECT_EQ(std::get<ServerAnswer>((*server)->body).answer.values.at(0), json::value("pong"));
  EXPECT_FALSE(*read_classic_response(R"({"requestId":"NA_3lk","rooms":["a"]})", "/")) << "never asked";
}

TEST(ClassicCodec, WritesResponsesThatItReads) {
  const RemoteSocket socket{"id", {"id", "r"}, {{"time", "now"}}, {{"a", 1}}};
  const auto sockets =
      read_classic_response(write_classic_response({"", "/", SocketsAnswer{"q", {socket}}}), "/");
  EXPECT_EQ(std::get<SocketsAnswer>((*sockets)->body).sockets.at(0).handshake, socket.handshake);

  const ClientAnswer bytes{"q", socketio::arguments(socketio::Binary{SharedBytes("b")})};
  const auto answer = read_classic_response(write_classic_response({"", "/", bytes}), "/");
  EXPECT_EQ(std::get<ClientAnswer>((*answer)->body).answer.attachments.at(0).view(), "b");
}

TEST(ClassicCodec, RefusesWhatIsMalformedAndIgnoresWhatIsNew) {
  for (const char* bytes :
       {"{", R"({"type":"2"})", R"({"type":2})", R"({"type":2,"opts":{},"rooms":"r"})",
        R"({"type":5,"opts":{}})", R"({"type":6,"data":[]})", R"({"type":6,"data":[{}]})",
        R"({"type":4,"opts":[]})", R"({"type":0,"requestId":5})",
        R"({"type":1,"requestId":"12345678901234567890123456789012345678901234567890123456789012345"})"})
    EXPECT_FALSE(read_classic_request(bytes, "/")) << bytes;
  EXPECT_FALSE(*read_classic_request(R"({"type":77})", "/"));
  for (const char* bytes : {"", "93 a1 61 80 80", "92 a161 80", "80", "93 01 80 80"})
    EXPECT_FALSE(read_classic_broadcast(from_hex(bytes))) << bytes;
}

TEST(ClassicCodec, RefusesEventsThatClientsDoNotTake) {
  const auto as_broadcast = [](Arguments event) {
    return read_classic_broadcast(write_classic_broadcast({"u", "/", EventMessage{std::move(event), {}}}));
  };
  Arguments many;
  many.values.emplace_back("e");
  for (int i = 0; i < 11; ++i) socketio::append_argument(many, socketio::Binary{SharedBytes("x")});

  EXPECT_FALSE(as_broadcast(socketio::arguments("connect")));
  EXPECT_FALSE(as_broadcast(many));
  EXPECT_TRUE(as_broadcast(socketio::arguments("e")));
}

}  // namespace
}  // namespace togglecast::adapters
