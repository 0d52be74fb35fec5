#include <filesystem>
#include <iostream>

#include <unistd.h>

#include <millrace/config/parse_config.hpp>

#include "guide_test.hpp"

namespace {

namespace fs = std::filesystem;

// [run]
void run_until_processed(millrace::Streams& streams) {
  streams.set_state_listener([](millrace::StreamsState now, millrace::StreamsState before) {
    std::cout << to_string(before) << " -> " << to_string(now) << '\n';
  });
  streams.set_uncaught_exception_handler([](const millrace::Error& error) {
    std::cerr << error.to_string() << '\n';
    return error.code() == millrace::ErrorCode::StateReadFailed ? millrace::UncaughtExceptionResponse::ReplaceThread
                                                                : millrace::UncaughtExceptionResponse::StopApplication;
  });
  streams.start().value();
  const std::string added = streams.add_stream_thread().value();
  (void)streams.wait_for([&] { return streams.drained().value(); }, std::chrono::seconds(60));
  streams.remove_stream_thread(added).value();
  if (!streams.close(std::chrono::seconds(10))) std::cerr << "some threads did not end; the log names their tasks\n";
}
// [/run]

TEST(GuideThreads, ComeAndGo) {
  const fs::path folder = fs::path(testing::TempDir()) / ("guide-threads-" + std::to_string(::getpid()));
  millrace::StreamsConfig config = millrace::default_config();
  config.application_id = "letters";
  config.state_dir = folder;
  config.metrics_enabled = false;
  config.default_partitions = 4;
  config.num_stream_threads = 2;
  millrace::StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").to("out");
  {
    millrace::Streams streams(builder.build(), config);
    run_until_processed(streams);
    EXPECT_EQ(streams.state(), millrace::StreamsState::NotRunning);
  }
  fs::remove_all(folder);
}

}  // namespace
