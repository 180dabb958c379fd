// Events, acknowledgements and handlers that go wrong.
#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Ack;
using socketio::Arguments;
using socketio::ConnectError;
using socketio::DisconnectReason;
using socketio::Event;
using socketio::Next;
using socketio::Options;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Events, ArriveWithTheirArgumentsAndAnswersGoBack) {
  SocketIoServer server;
  server.main().on("sum", [](Event& event) {
    EXPECT_EQ(event.size(), 2U);
    EXPECT_TRUE(event.wants_ack());
    EXPECT_TRUE(event[7].is_null());
    event.ack(event[0].as_int64() + event[1].as_int64());
    event.ack("a second answer is none");
  });
  server.main().on("bytes", [](Event& event) {
    ASSERT_NE(event.binary(0), nullptr);
    event.ack(socketio::Binary{SharedBytes(std::string(event.binary(0)->view()) + "!")});
  });
  server.start();
  auto client = server.joined();

  client.send("427[\"sum\",3,4]");
  EXPECT_EQ(client.next(), "437[7]");
  client.send(R"(451-8["bytes",{"_placeholder":true,"num":0}])");
  client.send_binary("abc");
  EXPECT_EQ(client.next(), R"(461-8[{"_placeholder":true,"num":0}])");
  EXPECT_EQ(client.next(), "b:abc!");
}

TEST(Events, AreTextForHandlersThatPassThemOn) {
  SocketIoServer server;
  server.main().on("echo", [](Event& event) {
    if (const auto text = event.text()) return event.acknowledgement().send_text(*text);
    event.ack("by values", event[0]);
  });
  server.main().on("bytes", [](Event& event) { event.ack(event.text().has_value()); });
  server.main().on("both", [](Event& event) {
    EXPECT_EQ(event.text(), R"({"a":[1]},2)");
    EXPECT_EQ(event.size(), 2U);
    EXPECT_EQ(json::serialize(event[0]), R"({"a":[1]})");
    EXPECT_EQ(event.text(), R"({"a":[1]},2)") << "also after they were read";
    event.ack(event[0], event[1]);
  });
  server.start();
  auto client = server.joined();

  client.send(R"(421["echo",{"a":"b\"c"},1.50,"ü"])");
  EXPECT_EQ(client.next(), R"(431[{"a":"b\"c"},1.50,"ü"])");
  client.send(R"(422["echo"])");
  EXPECT_EQ(client.next(), "432[]");
  client.send(R"(423["echo", "white space"])");
  EXPECT_EQ(client.next(), R"(433["by values","white space"])");
  client.send(R"(451-4["bytes",{"_placeholder":true,"num":0}])");
  client.send_binary("abc");
  EXPECT_EQ(client.next(), "434[false]");
  client.send(R"(425["both",{"a":[1]},2])");
  EXPECT_EQ(client.next(), R"(435[{"a":[1]},2])");
}

// What it views must outlive the connection, in whatever memory it lies.
TEST(Events, AreThereToTheEndOfAHandlerThatEndsTheConnection) {
  const std::string reason(500, 'x');
  const std::string text = R"({"reason":")" + reason + R"("})";
  Mailbox<std::string> seen;
  SocketIoServer server;
  server.main().on("last", [&seen](Event& event) {
    event.socket().disconnect(true);
    seen.put(std::string(event.text().value_or("")) + json::serialize(event[0]));
  });
  server.start();
  const std::string packet = R"(42["last",)" + text + "]";

  auto whole = server.joined();
  whole.send(packet);
  EXPECT_EQ(seen.take(), text + text);
  auto parts = server.joined();
  parts.tcp().send(test::client_frame({.payload = std::string_view(packet).substr(0, 20), .final = false}) +
                   test::client_frame({.opcode = 0, .payload = std::string_view(packet).substr(20)}));
  EXPECT_EQ(seen.take(), text + text);
  test::PollingClient polling(server.connect_to(0), server.connect_to(0));
  EXPECT_EQ(polling.post("40").status, 200);
  EXPECT_EQ(polling.post(packet).status, 200);
  EXPECT_EQ(seen.take(), text + text);
}

TEST(Events, AnAnswerMayComeLaterFromAnotherThread) {
  Mailbox<Ack> asked;
  SocketIoServer server;
  server.main().on("ask", [&](Event& event) { asked.put(event.acknowledgement()); });
  server.start();
  auto client = server.joined();
  client.send("421[\"ask\"]");
  const auto ack = asked.take();
  ASSERT_TRUE(ack);

  std::thread([&] { (*ack)("from afar"); }).join();
  EXPECT_EQ(client.next(), "431[\"from afar\"]");

  client.send("422[\"ask\"]");
  const auto late = asked.take();
  client.tcp().close();
  ASSERT_TRUE(test::eventually([&] { return server.main().local_count() == 0; }));
  (*late)("to nobody");
}

TEST(Events, ServersAskAndClientsAnswer) {
  Mailbox<std::string> answers;
  SocketIoServer server;
  server.main().on_connection([&](Socket& socket) {
    socket.emit_with_ack(
        std::chrono::seconds(60),
        [&](const Result<Arguments>& answer) {
          answers.put(answer ? json::serialize(answer->values) : std::string(to_string(answer.error().code)));
        },
        "question", "?");
  });
  server.start();
  auto client = server.joined();

  EXPECT_EQ(client.next(), "420[\"question\",\"?\"]");
  client.send("4399[\"an id that nobody knows\"]");
  client.send("430[\"!\"]");
  client.send("430[\"again\"]");
  client.round_trip();

  EXPECT_EQ(answers.take(), "[\"!\"]");
  EXPECT_EQ(answers.size(), 0U);
}

TEST(Events, QuestionsFailWhenTimeIsOverOrTheClientGone) {
  Mailbox<std::string> answers;
  std::shared_ptr<Socket> held;
  SocketIoServer server;
  const auto note = [&](const Result<Arguments>& answer) {
    answers.put(answer ? "answer" : std::string(to_string(answer.error().code)));
  };
  server.main().on_connection([&](Socket& socket) {
    held = socket.shared_from_this();
    socket.emit_with_ack(Milliseconds(20), note, "soon");
    socket.emit_with_ack(std::chrono::hours(1), note, "patient");
  });
  server.start();
  auto client = server.joined();

  EXPECT_EQ(answers.take(), "timeout");
  client.tcp().close();
  EXPECT_EQ(answers.take(), "unavailable");
  server.pool().run_on_all([&](net::Shard& shard) {
    if (&held->shard() == &shard) held->emit_with_ack(std::chrono::hours(1), note, "too late");
  });
  EXPECT_EQ(answers.take(), "unavailable");
  held->shard().post([mine = std::move(held)] {});
}

// `count` binary arguments of one byte.
Arguments attached(int count) {
  Arguments args;
  for (int i = 0; i < count; ++i) socketio::append_argument(args, socketio::Binary{SharedBytes("x")});
  return args;
}

// The message of the refusal; empty when there was none.
template <typename Send>
std::string refusal_of(Send&& send) {
  try {
    send();
    return {};
  } catch (const std::length_error& error) {
    return error.what();
  }
}

TEST(Events, WithMoreAttachmentsThanClientsTakeAreRefusedWhereTheyAreSent) {
  Mailbox<std::vector<std::string>> refusals;
  SocketIoServer server;
  server.main().on("try", [&](Event& event) {
    Socket& socket = event.socket();
    const auto nobody = [](const Result<Arguments>&) { ADD_FAILURE() << "nothing was asked"; };
    std::vector<std::string> said;
    said.push_back(refusal_of([&] { socket.emit_arguments("e", attached(11)); }));
    said.push_back(
        refusal_of([&] { socket.emit_arguments_with_ack(Milliseconds(1), nobody, "e", attached(11)); }));
    said.push_back(refusal_of([&] { socket.nsp().everyone().emit_arguments("e", attached(11)); }));
    said.push_back(refusal_of([&] { event.acknowledgement().send(attached(11)); }));
    Arguments twice = attached(6);  // each of them is sent twice
    const auto values = twice.values;
    twice.values.insert(twice.values.end(), values.begin(), values.end());
    said.push_back(refusal_of([&] { socket.emit_arguments("e", twice); }));
    said.push_back(refusal_of([&] { socket.emit_arguments("e", attached(10)); }));
    refusals.put(said);
    event.ack("done");
  });
  server.start();
  auto client = server.joined();

  client.send("421[\"try\"]");
  const auto said = refusals.take();

  ASSERT_TRUE(said);
  ASSERT_EQ(said->size(), 6U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_THAT((*said)[i], AllOf(HasSubstr("has 11 attachments"), HasSubstr("at most 10"))) << i;
  EXPECT_THAT((*said)[4], HasSubstr("has 12 attachments"));
  EXPECT_EQ((*said)[5], "");
  EXPECT_THAT(client.next(), StartsWith("4510-[\"e\""));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.next(), "b:x");
  EXPECT_EQ(client.next(), "431[\"done\"]") << "a refused answer leaves the question open";
}

TEST(Events, PendingQuestionsAreLimited) {
  Mailbox<std::string> answers;
  Options options;
  options.pending_acks = 3;
  SocketIoServer server(std::move(options));
  server.main().on_connection([&](Socket& socket) {
    for (int i = 0; i < 5; ++i) {
      socket.emit_with_ack(
          std::chrono::hours(1),
          [&answers, i](const Result<Arguments>& answer) {
            answers.put(std::to_string(i) + (answer ? "" : " " + answer.error().message));
          },
          "q", i);
    }
  });
  server.start();
  auto client = server.joined();

  EXPECT_EQ(answers.take(), "3 too many acknowledgements are pending");
  EXPECT_EQ(answers.take(), "4 too many acknowledgements are pending");
  EXPECT_EQ(client.next(), "420[\"q\",0]");
  client.send("430[]");
  EXPECT_EQ(answers.take(), "0");
}

TEST(Events, AnyHandlersFiltersAndOwnHandlersSeeThemInTurn) {
  Mailbox<std::string> seen;
  SocketIoServer server;
  server.main().filter([&](Event& event) {
    seen.put("filter " + event.name());
    return event.name() != "dropped";
  });
  server.main().on_any([&](Event& event) { seen.put("any " + event.name()); });
  server.main().on("x", [&](Event&) { seen.put("shared"); });
  server.main().on_connection([&](Socket& socket) {
    socket.on_any([&](Event&) { seen.put("own any"); });
    socket.on("x", [&](Event&) { seen.put("own"); });
  });
  server.start();
  auto client = server.joined();

  client.emit("[\"dropped\"]");
  client.emit("[\"x\"]");
  client.emit("[42]");

  for (const auto* expected :
       {"filter dropped", "filter x", "own any", "own", "any x", "shared", "filter 42"})
    EXPECT_EQ(seen.take(), expected);
}

TEST(Events, HandlersMayRegisterOthersWhileOneIsHandled) {
  Mailbox<std::string> seen;
  SocketIoServer server;
  server.main().on_connection([&](Socket& socket) {
    socket.on("x", [&](Event& event) {
      seen.put("first");
      for (int i = 0; i < 20; ++i) event.socket().on("x", [&](Event&) { seen.put("second"); });
      event.socket().on_any([&](Event&) {});
    });
  });
  server.start();
  auto client = server.joined();

  client.emit("[\"x\"]");
  client.round_trip();
  EXPECT_EQ(seen.size(), 1U) << "they hear of the next one";
  client.emit("[\"x\"]");
  client.round_trip();
  EXPECT_EQ(seen.size(), 1U + 1U + 20U);
}

TEST(Events, HandlersThatHoldTheirSocketDoNotKeepItForEver) {
  std::weak_ptr<Socket> watched;
  SocketIoServer server;
  server.main().on_connection([&](Socket& socket) {
    watched = socket.weak_from_this();
    const auto self = socket.shared_from_this();
    socket.on("x", [self](Event&) {});
    socket.on_disconnect([self](DisconnectReason) { self->on("late", [self](Event&) {}); });
  });
  server.io().of("/refused").use([&](Socket& socket, const Next& next) {
    watched = socket.weak_from_this();
    socket.on("x", [self = socket.shared_from_this()](Event&) {});
    next(ConnectError{"no"});
  });
  server.start();
  auto client = server.joined();
  client.send("41");
  EXPECT_TRUE(test::eventually([&] { return watched.expired(); }));

  EXPECT_THAT(client.join("/refused"), StartsWith("44"));
  EXPECT_TRUE(test::eventually([&] { return watched.expired(); }));
}

TEST(Events, AThrowingHandlerClosesNobodyAndIsLoggedWithEventAndSocket) {
  SocketIoServer server;
  server.main().on("throw", [](Event&) { throw std::runtime_error("out of cheese"); });
  server.main().on("throw", [](Event& event) { event.ack("the next handler runs"); });
  server.main().on("throw oddly", [](Event&) { throw 7; });
  server.start();
  auto client = server.joined();
  auto other = server.joined();

  client.send("421[\"throw\"]");
  EXPECT_EQ(client.next(), "431[\"the next handler runs\"]");
  EXPECT_THAT(server.logged("out of cheese"),
              AllOf(HasSubstr("\"event\":\"throw\""), HasSubstr("\"sid\":\"" + client.sid() + "\""),
                    HasSubstr("\"nsp\":\"/\""), HasSubstr("\"level\":\"error\"")));
  client.emit("[\"throw oddly\"]");
  EXPECT_THAT(server.logged("unknown type"), HasSubstr("\"event\":\"throw oddly\""));
  client.round_trip();
  other.round_trip();
  EXPECT_EQ(server.failed_tasks(), 0U) << "caught where it happened";
}

TEST(Events, EveryKindOfApplicationCodeMayThrow) {
  const auto fail = [](const std::string& what) { throw std::runtime_error(what); };
  SocketIoServer server;
  server.main().on_connection([&](Socket& socket) {
    socket.emit_with_ack(
        Milliseconds(10), [&](const Result<Arguments>&) { fail("ack time-out"); }, "a");
    socket.emit_with_ack(
        std::chrono::hours(1), [&](const Result<Arguments>&) { fail("ack answer"); }, "b");
    socket.emit_with_ack(
        std::chrono::hours(1), [&](const Result<Arguments>&) { fail("ack end"); }, "c");
    socket.on_disconnecting([&](DisconnectReason) { fail("own disconnecting"); });
    socket.on_disconnect([&](DisconnectReason) { fail("own disconnect"); });
    fail("connection");
  });
  server.main().filter([&](Event& event) {
    if (event.name() == "filtered") fail("filter");
    return true;
  });
  server.main().on_disconnecting([&](Socket&, DisconnectReason) { fail("disconnecting"); });
  server.main().on_disconnect([&](Socket&, DisconnectReason) { fail("disconnect"); });
  server.io().of("/guarded").use([&](Socket&, const Next&) { fail("middleware"); });
  server.io().of_matching([&](std::string_view) {
    fail("pattern");
    return true;
  });
  server.start();
  auto client = server.joined();

  EXPECT_EQ(client.next(), "420[\"a\"]");
  EXPECT_EQ(client.next(), "421[\"b\"]");
  EXPECT_EQ(client.next(), "422[\"c\"]");
  EXPECT_NE(server.logged("\"error\":\"connection\""), "");
  EXPECT_NE(server.logged("ack time-out"), "");
  client.send("431[]");
  EXPECT_NE(server.logged("ack answer"), "");
  client.emit("[\"filtered\"]");
  EXPECT_NE(server.logged("\"error\":\"filter\""), "");
  EXPECT_EQ(client.join("/guarded"), "44/guarded,{\"message\":\"internal error\"}");
  EXPECT_NE(server.logged("middleware"), "");
  EXPECT_THAT(client.join("/pattern"), StartsWith("44/pattern,{\"message\":\"Invalid namespace\""));
  EXPECT_NE(server.logged("namespace pattern failed"), "");
  client.round_trip();
  client.send("41");
  for (const auto* part :
       {"own disconnecting", "\"disconnecting\"", "ack end", "own disconnect", "\"disconnect\""})
    EXPECT_NE(server.logged(part), "") << part;
  EXPECT_THAT(client.join(), StartsWith("40{"));
  EXPECT_EQ(server.failed_tasks(), 0U);
}

TEST(Events, ADisconnectingHandlerMayDisconnectOnceMore) {
  Mailbox<std::string> heard;
  SocketIoServer server;
  server.main().on_disconnecting([&](Socket& socket, DisconnectReason) {
    heard.put("disconnecting from " + std::to_string(socket.rooms().size()));
    socket.disconnect();
    socket.disconnect(true);
  });
  server.main().on_disconnect([&](Socket& socket, DisconnectReason reason) {
    heard.put(std::string(to_string(reason)));
    socket.disconnect(true);
    EXPECT_FALSE(socket.join("too late"));
  });
  server.main().on("join", [](Event& event) { event.socket().join("room"); });
  server.start();
  auto client = server.joined();
  client.emit("[\"join\"]");

  client.send("41");

  EXPECT_EQ(heard.take(), "disconnecting from 2");
  EXPECT_EQ(heard.take(), "client namespace disconnect");
  EXPECT_TRUE(client.tcp().closed_by_server());
  EXPECT_EQ(heard.size(), 0U);
  EXPECT_EQ(server.main().local_count(), 0U);
}

}  // namespace
}  // namespace togglecast
