// An application that resumes sessions by itself: it sees what the client presents, and gives the id.
#include <gmock/gmock.h>

#include <string>

#include "support/socketio_server.hpp"

namespace togglecast {
namespace {

using socketio::Next;
using socketio::Options;
using socketio::Socket;
using test::Mailbox;
using test::SocketIoServer;
using ::testing::HasSubstr;
using ::testing::Not;

void give_ids(SocketIoServer& server, Mailbox<std::string>& presented) {
  server.main().use([&presented](Socket& socket, const Next& next) {
    const auto [pid, offset] = socket.presented();
    presented.put(std::string(pid) + "|" + std::string(offset));
    socket.set_pid(pid.empty() ? "first" : std::string(pid) + "+");
    next();
  });
  server.start();
}

TEST(PresentedSessions, ReachTheMiddlewareThatGivesTheId) {
  Mailbox<std::string> presented;
  SocketIoServer server;
  give_ids(server, presented);

  auto one = server.client_on(0);
  EXPECT_THAT(one.join(), HasSubstr(R"("pid":"first")"));
  EXPECT_EQ(presented.take(), "|");
  auto two = server.client_on(0);
  EXPECT_THAT(two.join("", R"({"pid":"first","offset":"o"})"), HasSubstr(R"("pid":"first+")"));
  EXPECT_EQ(presented.take(), "first|o");
}

TEST(PresentedSessions, AreEmptyUnlessTheyAreStrings) {
  Mailbox<std::string> presented;
  SocketIoServer server;
  give_ids(server, presented);

  for (const char* auth : {R"({"pid":7,"offset":[]})", R"({"pid":null})", "{}"}) {
    auto client = server.client_on(0);
    (void)client.join("", auth);
    EXPECT_EQ(presented.take(), "|") << auth;
  }
}

TEST(PresentedSessions, NoIdIsGivenUnlessTheApplicationGivesOne) {
  SocketIoServer server;
  server.start();
  auto client = server.client_on(0);

  EXPECT_THAT(client.join("", R"({"pid":"mine","offset":"o"})"), Not(HasSubstr("pid")));
}

TEST(PresentedSessions, TheStoreOfRecoveryMakesTheIdsWhereThereIsOne) {
  Options options;
  options.recovery = [] { return socketio::memory_recovery(); };
  Mailbox<std::string> presented;
  SocketIoServer server(options);
  give_ids(server, presented);
  auto client = server.client_on(0);

  EXPECT_THAT(client.join(), Not(HasSubstr("first")));
  EXPECT_NE(client.pid(), "");
}

}  // namespace
}  // namespace togglecast
