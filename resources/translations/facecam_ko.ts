<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko_KR" sourcelanguage="en">
    <context>
        <name>Badges</name>
        <message>
            <source>Faces are blurred</source>
            <translation>얼굴을 흐리게 처리 중</translation>
        </message>
        <message>
            <source>waiting for pictures</source>
            <translation>영상을 기다리는 중</translation>
        </message>
    </context>
    <context>
        <name>Bar</name>
        <message>
            <source>Dismiss</source>
            <translation>닫기</translation>
        </message>
        <message>
            <source>Dismiss this message</source>
            <translation>이 알림 닫기</translation>
        </message>
    </context>
    <context>
        <name>Choosers</name>
        <message>
            <source>Looking for cameras…</source>
            <translation>카메라를 찾는 중…</translation>
        </message>
        <message>
            <source>No camera found</source>
            <translation>카메라 없음</translation>
        </message>
        <message>
            <source>Looking for models…</source>
            <translation>모델을 찾는 중…</translation>
        </message>
        <message>
            <source>No model found</source>
            <translation>모델 없음</translation>
        </message>
    </context>
    <context>
        <name>Closing</name>
        <message>
            <source>Finishing the recording</source>
            <translation>녹화를 마무리하는 중</translation>
        </message>
        <message>
            <source>The window closes when the file is whole, in {n} seconds at the latest.</source>
            <translation>파일이 완성되면 창이 닫힙니다. 늦어도 {n}초 안에 닫힙니다.</translation>
        </message>
    </context>
    <context>
        <name>ComparePanel</name>
        <message>
            <source>Two models</source>
            <translation>두 모델</translation>
        </message>
        <message>
            <source>Stats appear here when a face is in view.</source>
            <translation>화면에 얼굴이 보이면 여기에 수치가 나타납니다.</translation>
        </message>
        <message>
            <source>Face {number}</source>
            <translation>얼굴 {number}</translation>
        </message>
        <message>
            <source>The second model has not found this face here.</source>
            <translation>두 번째 모델은 여기서 이 얼굴을 찾지 못했습니다.</translation>
        </message>
        <message>
            <source>Two models compared</source>
            <translation>두 모델 비교</translation>
        </message>
        <message>
            <source>1  {model}, as recorded</source>
            <translation>1  {model}, 녹화 당시</translation>
        </message>
        <message>
            <source>2  {model}, analysed again</source>
            <translation>2  {model}, 다시 분석</translation>
        </message>
        <message>
            <source>End the comparison</source>
            <translation>비교 끝내기</translation>
        </message>
    </context>
    <context>
        <name>Countdown</name>
        <message>
            <source>until the recording begins.
R or Esc stops the countdown.</source>
            <translation>초 뒤에 녹화를 시작합니다.
R이나 Esc를 누르면 취소됩니다.</translation>
        </message>
    </context>
    <context>
        <name>ExplainMenu</name>
        <message>
            <source>Opacity {percent}%</source>
            <translation>불투명도 {percent}%</translation>
        </message>
        <message>
            <source>All faces</source>
            <translation>모든 얼굴</translation>
        </message>
        <message>
            <source>Only the selected face</source>
            <translation>선택한 얼굴만</translation>
        </message>
        <message>
            <source>Only what speaks for it</source>
            <translation>뒷받침하는 곳만</translation>
        </message>
        <message>
            <source>What speaks for and against</source>
            <translation>뒷받침하는 곳과 반대하는 곳</translation>
        </message>
        <message>
            <source>The same amount always</source>
            <translation>언제나 같은 양</translation>
        </message>
        <message>
            <source>The most of each picture</source>
            <translation>그 화면에서 가장 큰 값</translation>
        </message>
        <message>
            <source>Violet to yellow</source>
            <translation>보라에서 노랑으로</translation>
        </message>
        <message>
            <source>Blue to yellow</source>
            <translation>파랑에서 노랑으로</translation>
        </message>
        <message>
            <source>Black to yellow</source>
            <translation>검정에서 노랑으로</translation>
        </message>
        <message>
            <source>Rainbow, even</source>
            <translation>고른 무지개색</translation>
        </message>
        <message>
            <source>Rainbow, as in many papers</source>
            <translation>무지개색 (논문에서 흔한 색)</translation>
        </message>
        <message>
            <source>Faces</source>
            <translation>얼굴</translation>
        </message>
        <message>
            <source>Shown</source>
            <translation>보이는 것</translation>
        </message>
        <message>
            <source>Full colour means</source>
            <translation>가장 진한 색의 뜻</translation>
        </message>
        <message>
            <source>Colours</source>
            <translation>색</translation>
        </message>
        <message>
            <source>Opacity</source>
            <translation>불투명도</translation>
        </message>
    </context>
    <context>
        <name>ExplainPanel</name>
        <message>
            <source>What each face itself shows</source>
            <translation>얼굴마다 나온 답</translation>
        </message>
        <message>
            <source>Holds: hiding the marked places changes the answer.</source>
            <translation>믿을 만함: 표시된 곳을 가리면 답이 달라집니다.</translation>
        </message>
        <message>
            <source>Not checked yet; that takes a few seconds.</source>
            <translation>아직 확인하지 않았습니다. 몇 초 걸립니다.</translation>
        </message>
        <message>
            <source>This model holds nothing that could explain this stat.</source>
            <translation>이 모델에는 이 항목을 설명할 자료가 없습니다.</translation>
        </message>
        <message>
            <source>Comes with the next reading of a face.</source>
            <translation>다음 얼굴을 읽을 때 나옵니다.</translation>
        </message>
        <message>
            <source>The same everywhere, so it is hatched: it points at nothing.</source>
            <translation>어디나 같아 빗금으로 표시합니다. 아무 곳도 가리키지 않습니다.</translation>
        </message>
        <message>
            <source>Hatched: a model that has learned nothing gives nearly the same map.</source>
            <translation>빗금: 아무것도 배우지 않은 모델도 거의 같은 지도를 냅니다.</translation>
        </message>
        <message>
            <source>Not better than chance, so it is hatched: other places matter as much.</source>
            <translation>우연보다 낫지 않아 빗금으로 표시합니다. 다른 곳도 그만큼 중요합니다.</translation>
        </message>
        <message>
            <source>Score {score}; {share} of random maps of the same smoothness do as well. It counts as better than chance up to 5%.</source>
            <translation>점수 {score}. 같은 매끄러움의 무작위 지도 가운데 {share}가 이만큼 합니다. 5%까지는 우연보다 나은 것으로 봅니다.</translation>
        </message>
        <message>
            <source>Explain a reading</source>
            <translation>판독 설명</translation>
        </message>
        <message>
            <source>Stat that is explained</source>
            <translation>설명할 항목</translation>
        </message>
        <message>
            <source>Which stat to explain (keys 1 to 9)</source>
            <translation>어떤 항목을 설명할지 (1~9 키)</translation>
        </message>
        <message>
            <source>Answer that is explained</source>
            <translation>설명할 답</translation>
        </message>
        <message>
            <source>Which of its answers to explain</source>
            <translation>어떤 답을 설명할지</translation>
        </message>
        <message>
            <source>Look of the explanation</source>
            <translation>설명 모양</translation>
        </message>
        <message>
            <source>Faces, colours, opacity and scale</source>
            <translation>얼굴, 색, 불투명도, 척도</translation>
        </message>
        <message>
            <source>Check now</source>
            <translation>지금 확인</translation>
        </message>
        <message>
            <source>Check now: hide parts of the face from the model and see whether the map was right</source>
            <translation>지금 확인: 얼굴의 일부를 모델에게 가려 보고 지도가 맞았는지 봅니다</translation>
        </message>
    </context>
    <context>
        <name>Legend</name>
        <message>
            <source>Full colour is the most of each picture.</source>
            <translation>가장 진한 색은 그 화면에서 가장 큰 값입니다.</translation>
        </message>
        <message>
            <source>Full colour always means the same amount.</source>
            <translation>가장 진한 색은 언제나 같은 양을 뜻합니다.</translation>
        </message>
        <message>
            <source>Colours of the explanation: {low} to {high}</source>
            <translation>설명의 색: {low}부터 {high}까지</translation>
        </message>
        <message>
            <source>speaks against</source>
            <translation>반대함</translation>
        </message>
        <message>
            <source>speaks for</source>
            <translation>뒷받침함</translation>
        </message>
        <message>
            <source>counts little</source>
            <translation>거의 상관없음</translation>
        </message>
        <message>
            <source>makes it lower</source>
            <translation>낮춤</translation>
        </message>
        <message>
            <source>makes it higher</source>
            <translation>높임</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>Video</source>
            <translation>영상</translation>
        </message>
    </context>
    <context>
        <name>RecordingControl</name>
        <message>
            <source>Where recordings go</source>
            <translation>녹화 파일을 둘 곳</translation>
        </message>
        <message>
            <source>Use this folder</source>
            <translation>이 폴더 사용</translation>
        </message>
        <message>
            <source>Show in folder</source>
            <translation>폴더 열기</translation>
        </message>
        <message>
            <source>Replay</source>
            <translation>다시 보기</translation>
        </message>
        <message>
            <source>The last seconds are in {path}</source>
            <translation>방금 장면을 저장했습니다: {path}</translation>
        </message>
        <message>
            <source>Saving the last seconds…</source>
            <translation>방금 장면을 저장하는 중…</translation>
        </message>
        <message>
            <source>Choose another folder…</source>
            <translation>다른 폴더 고르기…</translation>
        </message>
    </context>
    <context>
        <name>ReplayActions</name>
        <message>
            <source>&amp;Pause</source>
            <translation>멈춤(&amp;P)</translation>
        </message>
        <message>
            <source>&amp;Play</source>
            <translation>재생(&amp;P)</translation>
        </message>
        <message>
            <source>&amp;File</source>
            <translation>파일(&amp;F)</translation>
        </message>
        <message>
            <source>Sp&amp;eed</source>
            <translation>속도(&amp;E)</translation>
        </message>
        <message>
            <source>&amp;View</source>
            <translation>보기(&amp;V)</translation>
        </message>
        <message>
            <source>&amp;Compare</source>
            <translation>비교(&amp;C)</translation>
        </message>
        <message>
            <source>&amp;Analyse again with</source>
            <translation>다른 모델로 다시 분석(&amp;A)</translation>
        </message>
    </context>
    <context>
        <name>ReplayCommands</name>
        <message>
            <source>Open a recording: its .session folder</source>
            <translation>녹화 열기: .session 폴더</translation>
        </message>
        <message>
            <source>Folder:</source>
            <translation>폴더:</translation>
        </message>
        <message>
            <source>Kind:</source>
            <translation>종류:</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>내보내기</translation>
        </message>
        <message>
            <source>Saved as {path}</source>
            <translation>{path}에 저장했습니다</translation>
        </message>
        <message>
            <source>Show in folder</source>
            <translation>폴더 열기</translation>
        </message>
        <message>
            <source>No model found</source>
            <translation>모델 없음</translation>
        </message>
        <message>
            <source>Analysing with {model}…</source>
            <translation>{model} 모델로 분석 중…</translation>
        </message>
        <message>
            <source>The video has bars in it, which the second model saw as well: record the camera's own video, too, for a fair comparison.</source>
            <translation>영상에 막대가 들어 있어 두 번째 모델도 그것을 보았습니다. 공정하게 비교하려면 카메라 영상도 함께 녹화하세요.</translation>
        </message>
        <message>
            <source>Bars are part of this video already</source>
            <translation>막대가 이미 이 영상에 들어 있습니다</translation>
        </message>
    </context>
    <context>
        <name>ReplayWindow</name>
        <message>
            <source>Opening the recording</source>
            <translation>녹화를 여는 중</translation>
        </message>
        <message>
            <source>This recording could not be opened</source>
            <translation>이 녹화를 열 수 없습니다</translation>
        </message>
        <message>
            <source>Open another…</source>
            <translation>다른 녹화 열기…</translation>
        </message>
        <message>
            <source>No video</source>
            <translation>영상 없음</translation>
        </message>
        <message>
            <source>The video of this recording is gone; its stats are still here.</source>
            <translation>이 녹화의 영상은 없지만 통계는 남아 있습니다.</translation>
        </message>
        <message>
            <source>This recording was cut off; what was written until then is here.</source>
            <translation>이 녹화는 중간에 끊겼습니다. 그때까지 기록된 것을 보입니다.</translation>
        </message>
        <message>
            <source>Video</source>
            <translation>영상</translation>
        </message>
    </context>
    <context>
        <name>ScrubBar</name>
        <message>
            <source>Face {number}</source>
            <translation>얼굴 {number}</translation>
        </message>
    </context>
    <context>
        <name>Stage</name>
        <message>
            <source>Nothing to show yet</source>
            <translation>아직 보여 줄 것이 없습니다</translation>
        </message>
        <message>
            <source>No camera was found. Plug one in and look again, play the demo clip, or open a video or picture of your own.</source>
            <translation>카메라를 찾지 못했습니다. 카메라를 연결한 뒤 다시 찾거나, 데모 영상을 재생하거나, 가지고 있는 동영상이나 사진을 여세요.</translation>
        </message>
        <message>
            <source>Opening {name}…</source>
            <translation>{name} 여는 중…</translation>
        </message>
        <message>
            <source>Starting</source>
            <translation>시작하는 중</translation>
        </message>
        <message>
            <source>{name} is gone</source>
            <translation>{name} 연결이 끊겼습니다</translation>
        </message>
        <message>
            <source>The end</source>
            <translation>끝</translation>
        </message>
        <message>
            <source>{name} has been played to its end.</source>
            <translation>{name} 재생이 끝났습니다.</translation>
        </message>
        <message>
            <source>This could not be played</source>
            <translation>재생할 수 없습니다</translation>
        </message>
        <message>
            <source>Frozen: press Space to go on</source>
            <translation>멈춤: 스페이스 키를 누르면 계속합니다</translation>
        </message>
        <message>
            <source>Stats are coming: the model is being loaded</source>
            <translation>모델을 불러오는 중입니다. 곧 수치가 나타납니다</translation>
        </message>
        <message>
            <source>No face in view</source>
            <translation>화면에 얼굴이 없습니다</translation>
        </message>
        <message>
            <source>Waiting for it to come back: check the plug or the network.</source>
            <translation>돌아오기를 기다리는 중입니다. 연결이나 네트워크를 확인하세요.</translation>
        </message>
        <message>
            <source>Waiting for it to come back, for {n} s now: check the plug or the network.</source>
            <translation>돌아오기를 {n}초째 기다리는 중입니다. 연결이나 네트워크를 확인하세요.</translation>
        </message>
        <message>
            <source>The recording goes on; the gap is marked in it.</source>
            <translation>녹화는 계속되며, 빈 구간이 표시됩니다.</translation>
        </message>
    </context>
    <context>
        <name>StatPanel</name>
        <message>
            <source>Stats of the selected face</source>
            <translation>선택한 얼굴의 수치</translation>
        </message>
        <message>
            <source>Stats</source>
            <translation>수치</translation>
        </message>
        <message>
            <source>The thin lines show the last 30 seconds.</source>
            <translation>가는 선은 최근 30초를 나타냅니다.</translation>
        </message>
        <message>
            <source>Whole picture</source>
            <translation>전체 화면</translation>
        </message>
        <message>
            <source>Face {number}</source>
            <translation>얼굴 {number}</translation>
        </message>
        <message>
            <source>away</source>
            <translation>화면 밖</translation>
        </message>
        <message>
            <source>{index} of {count}</source>
            <translation>{count}명 중 {index}</translation>
        </message>
        <message>
            <source>No model is in use, so there are no stats. Choose one above.</source>
            <translation>사용 중인 모델이 없어 수치도 없습니다. 위에서 모델을 고르세요.</translation>
        </message>
        <message>
            <source>Stats appear here as soon as a model is ready.</source>
            <translation>모델이 준비되면 여기에 수치가 나타납니다.</translation>
        </message>
        <message>
            <source>All stats are hidden. Choose some under View, Stats shown.</source>
            <translation>모든 수치를 숨겼습니다. 보기 → 표시할 수치에서 고르세요.</translation>
        </message>
        <message>
            <source>Stats appear here when a face is in view.</source>
            <translation>화면에 얼굴이 보이면 여기에 수치가 나타납니다.</translation>
        </message>
    </context>
    <context>
        <name>StatusLine</name>
        <message>
            <source>Loading the model…</source>
            <translation>모델 불러오는 중…</translation>
        </message>
        <message>
            <source>No model</source>
            <translation>모델 없음</translation>
        </message>
        <message>
            <source>Model: {title}</source>
            <translation>모델: {title}</translation>
        </message>
        <message>
            <source>Show all figures</source>
            <translation>모든 측정값 보기</translation>
        </message>
        <message>
            <source>{ms} ms from the moment a picture was taken until its stats were ready (the middle of the last seconds).
{skipped} of {captured} pictures were skipped because a newer one was there.
Press for all figures.</source>
            <translation>화면이 찍힌 뒤 수치가 준비되기까지 {ms} ms(최근 몇 초의 중앙값).
{captured}장 가운데 {skipped}장은 더 새로운 화면이 있어 건너뛰었습니다.
누르면 모든 측정값을 봅니다.</translation>
        </message>
        <message>
            <source>Status: source, rates and delay</source>
            <translation>상태: 입력, 속도, 지연</translation>
        </message>
        <message>
            <source>Status: model</source>
            <translation>상태: 모델</translation>
        </message>
    </context>
    <context>
        <name>Transport</name>
        <message>
            <source>Time</source>
            <translation>시간</translation>
        </message>
        <message>
            <source>Speed</source>
            <translation>속도</translation>
        </message>
        <message>
            <source>Analyse again with</source>
            <translation>다시 분석</translation>
        </message>
        <message>
            <source>Let another model look at this recording, and compare the two</source>
            <translation>다른 모델로 이 녹화를 분석해 둘을 비교합니다</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>취소</translation>
        </message>
        <message>
            <source>Progress of the analysis</source>
            <translation>분석 진행</translation>
        </message>
    </context>
    <context>
        <name>VideoView</name>
        <message>
            <source>Video</source>
            <translation>영상</translation>
        </message>
    </context>
    <context>
        <name>WindowActions</name>
        <message>
            <source>Stop</source>
            <translation>중지</translation>
        </message>
        <message>
            <source>Record</source>
            <translation>녹화</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>계속</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>일시 정지</translation>
        </message>
        <message>
            <source>&amp;Stop recording</source>
            <translation>녹화 중지(&amp;S)</translation>
        </message>
        <message>
            <source>&amp;Record</source>
            <translation>녹화(&amp;R)</translation>
        </message>
        <message>
            <source>&amp;Go on recording</source>
            <translation>녹화 계속(&amp;G)</translation>
        </message>
        <message>
            <source>&amp;Pause recording</source>
            <translation>녹화 일시 정지(&amp;P)</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>열기</translation>
        </message>
        <message>
            <source>Mirror</source>
            <translation>거울</translation>
        </message>
        <message>
            <source>Freeze</source>
            <translation>멈춤</translation>
        </message>
        <message>
            <source>Bars</source>
            <translation>막대</translation>
        </message>
        <message>
            <source>Explain</source>
            <translation>설명</translation>
        </message>
        <message>
            <source>&amp;File</source>
            <translation>파일(&amp;F)</translation>
        </message>
        <message>
            <source>&amp;View</source>
            <translation>보기(&amp;V)</translation>
        </message>
        <message>
            <source>&amp;Recording</source>
            <translation>녹화(&amp;R)</translation>
        </message>
        <message>
            <source>S&amp;ize of the video</source>
            <translation>영상 크기(&amp;I)</translation>
        </message>
        <message>
            <source>With bars</source>
            <translation>막대와 함께</translation>
        </message>
        <message>
            <source>As the camera gives it</source>
            <translation>카메라 영상 그대로</translation>
        </message>
        <message>
            <source>Both, in two files</source>
            <translation>둘 다, 두 파일로</translation>
        </message>
        <message>
            <source>Fills the window</source>
            <translation>창에 맞춤</translation>
        </message>
        <message>
            <source>F&amp;aces</source>
            <translation>얼굴(&amp;A)</translation>
        </message>
        <message>
            <source>&amp;Model</source>
            <translation>모델(&amp;M)</translation>
        </message>
        <message>
            <source>&amp;Help</source>
            <translation>도움말(&amp;H)</translation>
        </message>
        <message>
            <source>&amp;Camera</source>
            <translation>카메라(&amp;C)</translation>
        </message>
        <message>
            <source>&amp;Choose a model</source>
            <translation>모델 선택(&amp;C)</translation>
        </message>
        <message>
            <source>&amp;Stats shown</source>
            <translation>표시할 수치(&amp;S)</translation>
        </message>
        <message>
            <source>&amp;Colours</source>
            <translation>색상(&amp;C)</translation>
        </message>
        <message>
            <source>&amp;Language</source>
            <translation>언어(&amp;L)</translation>
        </message>
        <message>
            <source>Like the system</source>
            <translation>시스템 설정대로</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>밝게</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>어둡게</translation>
        </message>
        <message>
            <source>Snapshot</source>
            <translation>스냅샷</translation>
        </message>
        <message>
            <source>Save this picture, with or without bars</source>
            <translation>막대를 넣거나 빼고 이 화면을 저장합니다</translation>
        </message>
        <message>
            <source>Choose a camera; the list is read anew each time</source>
            <translation>카메라를 고릅니다. 목록은 열 때마다 새로 읽습니다</translation>
        </message>
        <message>
            <source>Choose the model that reads the faces</source>
            <translation>얼굴을 읽을 모델을 고릅니다</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>카메라</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>모델</translation>
        </message>
        <message>
            <source>Tools</source>
            <translation>도구</translation>
        </message>
    </context>
    <context>
        <name>WindowCommands</name>
        <message>
            <source>Still no camera was found: plug one in and try again.</source>
            <translation>여전히 카메라를 찾지 못했습니다. 카메라를 연결하고 다시 시도하세요.</translation>
        </message>
        <message>
            <source>Open a video or picture</source>
            <translation>동영상이나 사진 열기</translation>
        </message>
        <message>
            <source>Videos and pictures</source>
            <translation>동영상과 사진</translation>
        </message>
        <message>
            <source>All files</source>
            <translation>모든 파일</translation>
        </message>
        <message>
            <source>Open a recording: its .session folder</source>
            <translation>녹화 열기: .session 폴더</translation>
        </message>
        <message>
            <source>Folder:</source>
            <translation>폴더:</translation>
        </message>
        <message>
            <source>Kind:</source>
            <translation>종류:</translation>
        </message>
        <message>
            <source>Save the snapshot</source>
            <translation>스냅샷 저장</translation>
        </message>
        <message>
            <source>PNG pictures</source>
            <translation>PNG 그림</translation>
        </message>
        <message>
            <source>Saved as {path}</source>
            <translation>{path}에 저장했습니다</translation>
        </message>
        <message>
            <source>This model came without a card.</source>
            <translation>이 모델에는 설명서가 없습니다.</translation>
        </message>
    </context>
    <context>
        <name>WindowModes</name>
        <message>
            <source>Controls are hidden: press H to show them</source>
            <translation>조작 도구를 숨겼습니다. H를 누르면 다시 나옵니다</translation>
        </message>
        <message>
            <source>{width}×{height} is larger than this screen.</source>
            <translation>{width}×{height}는 이 화면보다 큽니다.</translation>
        </message>
    </context>
    <context>
        <name>WindowStatus</name>
        <message>
            <source>About this model</source>
            <translation>이 모델에 대하여</translation>
        </message>
        <message>
            <source>Demo clip</source>
            <translation>데모 영상</translation>
        </message>
        <message>
            <source>Camera {number}</source>
            <translation>카메라 {number}</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>카메라</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>모델</translation>
        </message>
        <message>
            <source>This is the demo clip, not a camera.</source>
            <translation>카메라가 아니라 데모 영상입니다.</translation>
        </message>
        <message>
            <source>No camera was found, so this is the demo clip.</source>
            <translation>카메라를 찾지 못해 데모 영상을 재생합니다.</translation>
        </message>
        <message>
            <source>Play the demo clip</source>
            <translation>데모 영상 재생</translation>
        </message>
        <message>
            <source>Open a file…</source>
            <translation>파일 열기…</translation>
        </message>
        <message>
            <source>Try the camera again</source>
            <translation>카메라 다시 찾기</translation>
        </message>
        <message>
            <source>Use the camera</source>
            <translation>카메라 사용</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>다시 시도</translation>
        </message>
        <message>
            <source>Play again</source>
            <translation>다시 재생</translation>
        </message>
        <message>
            <source>{name} is back after {n} s.</source>
            <translation>{name}이(가) {n}초 만에 돌아왔습니다.</translation>
        </message>
        <message>
            <source>The gap is marked in the recording.</source>
            <translation>끊긴 구간은 녹화에 표시됩니다.</translation>
        </message>
    </context>
    <context>
        <name>actions</name>
        <message>
            <source>&amp;Open file…</source>
            <translation>파일 열기(&amp;O)…</translation>
        </message>
        <message>
            <source>Play a video, or look at a picture</source>
            <translation>동영상을 재생하거나 사진을 살펴봅니다</translation>
        </message>
        <message>
            <source>Open &amp;address…</source>
            <translation>주소 열기(&amp;A)…</translation>
        </message>
        <message>
            <source>Play a camera or video on the network</source>
            <translation>네트워크 카메라나 동영상을 재생합니다</translation>
        </message>
        <message>
            <source>Play the &amp;demo clip</source>
            <translation>데모 영상 재생(&amp;D)</translation>
        </message>
        <message>
            <source>Play the clip that comes with facecam</source>
            <translation>facecam에 들어 있는 영상을 재생합니다</translation>
        </message>
        <message>
            <source>Start a&amp;gain</source>
            <translation>다시 시작(&amp;G)</translation>
        </message>
        <message>
            <source>Play from the beginning, or try the camera again</source>
            <translation>처음부터 재생하거나 카메라를 다시 연결합니다</translation>
        </message>
        <message>
            <source>&amp;Snapshot…</source>
            <translation>스냅샷(&amp;S)…</translation>
        </message>
        <message>
            <source>Save this picture with boxes and bars, as others see you (not mirrored)</source>
            <translation>상자와 막대를 포함해 이 화면을 저장합니다(좌우 반전 없이, 남이 보는 모습대로)</translation>
        </message>
        <message>
            <source>Snapshot without &amp;bars…</source>
            <translation>막대 없는 스냅샷(&amp;B)…</translation>
        </message>
        <message>
            <source>Save this picture as the camera gave it</source>
            <translation>카메라가 찍은 그대로 저장합니다</translation>
        </message>
        <message>
            <source>Se&amp;ttings…</source>
            <translation>설정(&amp;T)…</translation>
        </message>
        <message>
            <source>Language, colours and motion</source>
            <translation>언어, 색상, 움직임</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>끝내기(&amp;Q)</translation>
        </message>
        <message>
            <source>Close facecam</source>
            <translation>facecam을 닫습니다</translation>
        </message>
        <message>
            <source>&amp;Mirror</source>
            <translation>거울 모드(&amp;M)</translation>
        </message>
        <message>
            <source>Show the video as in a mirror</source>
            <translation>거울처럼 좌우를 바꿔 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Bars on video</source>
            <translation>영상에 막대 표시(&amp;B)</translation>
        </message>
        <message>
            <source>Draw boxes and bars beside each face</source>
            <translation>얼굴마다 상자와 막대를 그립니다</translation>
        </message>
        <message>
            <source>Free&amp;ze</source>
            <translation>멈춤(&amp;Z)</translation>
        </message>
        <message>
            <source>Hold this picture; press again to go on</source>
            <translation>이 화면에서 멈춥니다. 다시 누르면 계속합니다</translation>
        </message>
        <message>
            <source>Side &amp;panel</source>
            <translation>옆 패널(&amp;P)</translation>
        </message>
        <message>
            <source>Show the stats of the selected face</source>
            <translation>선택한 얼굴의 수치를 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Full screen</source>
            <translation>전체 화면(&amp;F)</translation>
        </message>
        <message>
            <source>Only the video; Esc goes back</source>
            <translation>영상만 보여 줍니다. Esc를 누르면 돌아갑니다</translation>
        </message>
        <message>
            <source>&amp;Previous face</source>
            <translation>이전 얼굴(&amp;P)</translation>
        </message>
        <message>
            <source>Show the stats of the face before</source>
            <translation>이전 얼굴의 수치를 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Next face</source>
            <translation>다음 얼굴(&amp;N)</translation>
        </message>
        <message>
            <source>Show the stats of the face after</source>
            <translation>다음 얼굴의 수치를 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Keep this face</source>
            <translation>이 얼굴 고정(&amp;K)</translation>
        </message>
        <message>
            <source>Stay with this face when it leaves the picture</source>
            <translation>화면에서 사라져도 이 얼굴을 계속 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;What do the numbers mean?</source>
            <translation>숫자는 무엇을 뜻하나요(&amp;W)</translation>
        </message>
        <message>
            <source>What the model was made of, how well it does, and what it cannot know</source>
            <translation>모델을 무엇으로 만들었고, 얼마나 정확하며, 무엇을 알 수 없는지</translation>
        </message>
        <message>
            <source>&amp;Figures…</source>
            <translation>측정값(&amp;F)…</translation>
        </message>
        <message>
            <source>All measured rates and times</source>
            <translation>측정한 모든 속도와 시간</translation>
        </message>
        <message>
            <source>&amp;Keys…</source>
            <translation>단축키(&amp;K)…</translation>
        </message>
        <message>
            <source>All keyboard shortcuts</source>
            <translation>모든 단축키</translation>
        </message>
        <message>
            <source>&amp;About facecam</source>
            <translation>facecam 정보(&amp;A)</translation>
        </message>
        <message>
            <source>Version and licences</source>
            <translation>버전과 라이선스</translation>
        </message>
        <message>
            <source>Open &amp;recording…</source>
            <translation>녹화 열기(&amp;R)…</translation>
        </message>
        <message>
            <source>Look at a recording with its stats</source>
            <translation>녹화와 그 통계를 봅니다</translation>
        </message>
        <message>
            <source>&amp;Record</source>
            <translation>녹화(&amp;R)</translation>
        </message>
        <message>
            <source>Record the video into a file</source>
            <translation>영상을 파일로 녹화합니다</translation>
        </message>
        <message>
            <source>&amp;Pause recording</source>
            <translation>녹화 일시 정지(&amp;P)</translation>
        </message>
        <message>
            <source>Leave out what comes until you go on</source>
            <translation>계속을 누를 때까지 녹화하지 않습니다</translation>
        </message>
        <message>
            <source>Save the las&amp;t 10 seconds</source>
            <translation>최근 10초 저장(&amp;T)</translation>
        </message>
        <message>
            <source>Keep what just happened as a video</source>
            <translation>방금 일어난 일을 영상으로 남깁니다</translation>
        </message>
        <message>
            <source>&amp;Keep the last 10 seconds ready</source>
            <translation>최근 10초를 준비해 두기(&amp;K)</translation>
        </message>
        <message>
            <source>In memory only, until you save them; costs a little speed</source>
            <translation>저장하기 전까지는 메모리에만 있으며 속도가 조금 느려집니다</translation>
        </message>
        <message>
            <source>&amp;Blur all faces</source>
            <translation>모든 얼굴 흐리게(&amp;B)</translation>
        </message>
        <message>
            <source>Make every face unrecognisable, here and in recordings</source>
            <translation>여기와 녹화에서 모든 얼굴을 알아볼 수 없게 합니다</translation>
        </message>
        <message>
            <source>&amp;Lossless camera video</source>
            <translation>무손실 카메라 영상(&amp;L)</translation>
        </message>
        <message>
            <source>Bit for bit as the camera gave it; takes much room</source>
            <translation>카메라가 준 그대로 저장하며 공간을 많이 차지합니다</translation>
        </message>
        <message>
            <source>Keep stats for repla&amp;y</source>
            <translation>다시 보기용 통계 저장(&amp;Y)</translation>
        </message>
        <message>
            <source>A folder beside the video with the stats of every frame</source>
            <translation>영상 옆 폴더에 모든 프레임의 통계를 남깁니다</translation>
        </message>
        <message>
            <source>Count &amp;down from three</source>
            <translation>셋부터 세기(&amp;D)</translation>
        </message>
        <message>
            <source>Time to sit up before a recording begins</source>
            <translation>녹화 전에 자세를 잡을 시간을 줍니다</translation>
        </message>
        <message>
            <source>Show the &amp;folder of recordings</source>
            <translation>녹화 폴더 열기(&amp;F)</translation>
        </message>
        <message>
            <source>Open it in the file manager</source>
            <translation>파일 관리자에서 엽니다</translation>
        </message>
        <message>
            <source>&amp;Choose the folder…</source>
            <translation>폴더 고르기(&amp;C)…</translation>
        </message>
        <message>
            <source>Where recordings go</source>
            <translation>녹화 파일을 둘 곳</translation>
        </message>
        <message>
            <source>&amp;Ring of stats</source>
            <translation>통계 고리(&amp;R)</translation>
        </message>
        <message>
            <source>Draw the yes/no stats as a ring around each face</source>
            <translation>예/아니요 항목을 얼굴 둘레의 고리로 그립니다</translation>
        </message>
        <message>
            <source>&amp;Explain</source>
            <translation>설명(&amp;E)</translation>
        </message>
        <message>
            <source>Show on the video what a reading looks at</source>
            <translation>판독이 어디를 보고 나왔는지 영상에 보입니다</translation>
        </message>
        <message>
            <source>&amp;Hide controls</source>
            <translation>조작 도구 숨기기(&amp;H)</translation>
        </message>
        <message>
            <source>Only the video in this window; H brings them back</source>
            <translation>이 창에 영상만 보입니다. H를 누르면 돌아옵니다</translation>
        </message>
    </context>
    <context>
        <name>dialogs</name>
        <message>
            <source>Close</source>
            <translation>닫기</translation>
        </message>
        <message>
            <source>Keys</source>
            <translation>단축키</translation>
        </message>
        <message>
            <source>Explain a stat</source>
            <translation>항목 설명하기</translation>
        </message>
        <message>
            <source>Figures</source>
            <translation>측정값</translation>
        </message>
        <message>
            <source>{rate} a second</source>
            <translation>초당 {rate}</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>입력</translation>
        </message>
        <message>
            <source>Asked for</source>
            <translation>요청한 형식</translation>
        </message>
        <message>
            <source>Picture size</source>
            <translation>화면 크기</translation>
        </message>
        <message>
            <source>Pictures from the source</source>
            <translation>입력 속도</translation>
        </message>
        <message>
            <source>Analysed</source>
            <translation>분석 속도</translation>
        </message>
        <message>
            <source>Faces looked for</source>
            <translation>얼굴 찾기</translation>
        </message>
        <message>
            <source>Behind, mostly</source>
            <translation>지연(중앙값)</translation>
        </message>
        <message>
            <source>Behind, 19 of 20 at most</source>
            <translation>지연(95%)</translation>
        </message>
        <message>
            <source>Pictures taken, analysed, skipped</source>
            <translation>받음, 분석함, 건너뜀</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>모델</translation>
        </message>
        <message>
            <source>Finding faces</source>
            <translation>얼굴 찾기</translation>
        </message>
        <message>
            <source>Following faces</source>
            <translation>얼굴 따라가기</translation>
        </message>
        <message>
            <source>Cutting out</source>
            <translation>얼굴 자르기</translation>
        </message>
        <message>
            <source>Reading</source>
            <translation>읽기</translation>
        </message>
        <message>
            <source>Turning into stats</source>
            <translation>수치로 바꾸기</translation>
        </message>
        <message>
            <source>Steadying</source>
            <translation>안정시키기</translation>
        </message>
        <message>
            <source>Explaining</source>
            <translation>설명하기</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>설정</translation>
        </message>
        <message>
            <source>&amp;Language</source>
            <translation>언어(&amp;L)</translation>
        </message>
        <message>
            <source>&amp;Colours</source>
            <translation>색상(&amp;C)</translation>
        </message>
        <message>
            <source>&amp;Motion</source>
            <translation>움직임(&amp;M)</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>밝게</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>어둡게</translation>
        </message>
        <message>
            <source>Bars glide</source>
            <translation>막대가 부드럽게 움직임</translation>
        </message>
        <message>
            <source>Bars jump</source>
            <translation>막대가 바로 바뀜</translation>
        </message>
        <message>
            <source>Like the system</source>
            <translation>시스템 설정대로</translation>
        </message>
        <message>
            <source>What do the numbers mean?</source>
            <translation>숫자는 무엇을 뜻하나요?</translation>
        </message>
        <message>
            <source>Open address</source>
            <translation>주소 열기</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>주소</translation>
        </message>
        <message>
            <source>Address of a camera or video, from http, https or rtsp:</source>
            <translation>카메라나 동영상의 주소(http, https, rtsp):</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>열기</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>취소</translation>
        </message>
        <message>
            <source>About facecam</source>
            <translation>facecam 정보</translation>
        </message>
        <message>
            <source>Steady, honest stat bars beside every face. Everything is worked out on this computer; no picture leaves it.

Built with Qt (LGPL 3), OpenCV, MediaPipe and LiteRT (Apache 2.0).</source>
            <translation>모든 얼굴 옆에 안정적이고 정직한 수치 막대를 보여 줍니다. 모든 계산은 이 컴퓨터에서 이루어지며 어떤 화면도 밖으로 나가지 않습니다.

Qt(LGPL 3), OpenCV, MediaPipe, LiteRT(Apache 2.0)로 만들었습니다.</translation>
        </message>
    </context>
    <context>
        <name>recording</name>
        <message>
            <source>{n} s left</source>
            <translation>{n}초 남음</translation>
        </message>
        <message>
            <source>{n} min left</source>
            <translation>{n}분 남음</translation>
        </message>
        <message>
            <source>{n} h left</source>
            <translation>{n}시간 남음</translation>
        </message>
        <message>
            <source>{n} frames missing</source>
            <translation>{n}프레임 빠짐</translation>
        </message>
        <message>
            <source>Starting…</source>
            <translation>시작하는 중…</translation>
        </message>
        <message>
            <source>Paused {clock}</source>
            <translation>일시 정지 {clock}</translation>
        </message>
        <message>
            <source>Finishing…</source>
            <translation>마무리 중…</translation>
        </message>
        <message>
            <source>REC {clock}</source>
            <translation>녹화 {clock}</translation>
        </message>
        <message>
            <source>Recorded {clock} into {path}</source>
            <translation>{clock} 녹화했습니다: {path}</translation>
        </message>
        <message>
            <source>({n} frames are missing in it)</source>
            <translation>({n}프레임이 빠짐)</translation>
        </message>
        <message>
            <source>paused for {clock}</source>
            <translation>{clock} 동안 일시 정지</translation>
        </message>
        <message>
            <source>the source was away for {clock}</source>
            <translation>{clock} 동안 영상이 끊김</translation>
        </message>
        <message>
            <source>another source from here on</source>
            <translation>여기부터 다른 영상</translation>
        </message>
        <message>
            <source>another size from here on</source>
            <translation>여기부터 다른 크기</translation>
        </message>
        <message>
            <source>nothing was recorded for {clock}</source>
            <translation>{clock} 동안 기록 없음</translation>
        </message>
    </context>
    <context>
        <name>replay</name>
        <message>
            <source>&amp;Open recording…</source>
            <translation>녹화 열기(&amp;O)…</translation>
        </message>
        <message>
            <source>Export stats as &amp;CSV…</source>
            <translation>통계를 CSV로 내보내기(&amp;C)…</translation>
        </message>
        <message>
            <source>Export stats as &amp;Parquet…</source>
            <translation>통계를 Parquet으로 내보내기(&amp;P)…</translation>
        </message>
        <message>
            <source>Export a &amp;summary (HTML)…</source>
            <translation>요약 내보내기(HTML)(&amp;S)…</translation>
        </message>
        <message>
            <source>Show in &amp;folder</source>
            <translation>폴더 열기(&amp;F)</translation>
        </message>
        <message>
            <source>C&amp;lose</source>
            <translation>닫기(&amp;L)</translation>
        </message>
        <message>
            <source>&amp;Play</source>
            <translation>재생(&amp;P)</translation>
        </message>
        <message>
            <source>Play or hold</source>
            <translation>재생하거나 멈춥니다</translation>
        </message>
        <message>
            <source>P&amp;revious picture</source>
            <translation>이전 화면(&amp;R)</translation>
        </message>
        <message>
            <source>One picture back</source>
            <translation>한 화면 뒤로</translation>
        </message>
        <message>
            <source>&amp;Next picture</source>
            <translation>다음 화면(&amp;N)</translation>
        </message>
        <message>
            <source>One picture on</source>
            <translation>한 화면 앞으로</translation>
        </message>
        <message>
            <source>&amp;Back 5 seconds</source>
            <translation>5초 뒤로(&amp;B)</translation>
        </message>
        <message>
            <source>&amp;Ahead 5 seconds</source>
            <translation>5초 앞으로(&amp;A)</translation>
        </message>
        <message>
            <source>&amp;Where a face came, before</source>
            <translation>얼굴이 나타난 앞 지점(&amp;W)</translation>
        </message>
        <message>
            <source>Back to where a face came into view</source>
            <translation>얼굴이 나타난 앞 지점으로</translation>
        </message>
        <message>
            <source>Where a face co&amp;mes next</source>
            <translation>얼굴이 나타나는 다음 지점(&amp;M)</translation>
        </message>
        <message>
            <source>On to where a face comes into view</source>
            <translation>얼굴이 나타나는 다음 지점으로</translation>
        </message>
        <message>
            <source>&amp;Slower</source>
            <translation>느리게(&amp;S)</translation>
        </message>
        <message>
            <source>&amp;Faster</source>
            <translation>빠르게(&amp;F)</translation>
        </message>
        <message>
            <source>&amp;Previous face</source>
            <translation>이전 얼굴(&amp;P)</translation>
        </message>
        <message>
            <source>Show the stats of the face before</source>
            <translation>이전 얼굴의 수치를 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Next face</source>
            <translation>다음 얼굴(&amp;N)</translation>
        </message>
        <message>
            <source>Show the stats of the face after</source>
            <translation>다음 얼굴의 수치를 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Keep this face</source>
            <translation>이 얼굴 고정(&amp;K)</translation>
        </message>
        <message>
            <source>Stay with this face when it leaves the picture</source>
            <translation>화면에서 사라져도 이 얼굴을 계속 보여 줍니다</translation>
        </message>
        <message>
            <source>&amp;Bars on video</source>
            <translation>영상에 막대 표시(&amp;B)</translation>
        </message>
        <message>
            <source>Draw boxes and bars beside each face</source>
            <translation>얼굴마다 상자와 막대를 그립니다</translation>
        </message>
        <message>
            <source>&amp;Full screen</source>
            <translation>전체 화면(&amp;F)</translation>
        </message>
        <message>
            <source>The recording on the whole screen</source>
            <translation>녹화를 전체 화면으로</translation>
        </message>
        <message>
            <source>&amp;End the comparison</source>
            <translation>비교 끝내기(&amp;E)</translation>
        </message>
        <message>
            <source>Show the stats as they were recorded</source>
            <translation>녹화된 통계를 보입니다</translation>
        </message>
        <message>
            <source>Bars</source>
            <translation>막대</translation>
        </message>
    </context>
    <context>
        <name>words</name>
        <message>
            <source>en</source>
            <comment>language code of this translation</comment>
            <translation>ko</translation>
        </message>
        <message>
            <source>can't tell: too small</source>
            <translation>알 수 없음: 너무 작음</translation>
        </message>
        <message>
            <source>can't tell: too blurred</source>
            <translation>알 수 없음: 너무 흐림</translation>
        </message>
        <message>
            <source>can't tell: turned away</source>
            <translation>알 수 없음: 옆을 봄</translation>
        </message>
        <message>
            <source>The face is too small for a reading to be trusted. Come closer.</source>
            <translation>얼굴이 너무 작아 수치를 믿을 수 없습니다. 더 가까이 오세요.</translation>
        </message>
        <message>
            <source>The face is too blurred for a reading to be trusted. More light helps.</source>
            <translation>얼굴이 너무 흐려 수치를 믿을 수 없습니다. 조명을 밝게 하면 도움이 됩니다.</translation>
        </message>
        <message>
            <source>The face is turned too far for a reading to be trusted. Look at the camera.</source>
            <translation>얼굴이 너무 돌아가 있어 수치를 믿을 수 없습니다. 카메라를 보세요.</translation>
        </message>
        <message>
            <source>years</source>
            <translation>세</translation>
        </message>
        <message>
            <source>{low} to {high}</source>
            <translation>{low}~{high}</translation>
        </message>
        <message>
            <source>no better than chance</source>
            <translation>우연보다 낫지 않음</translation>
        </message>
        <message>
            <source>Measured on people it had not seen: AUC {auc} (0.5 is guessing, 1 is perfect).</source>
            <translation>처음 보는 사람들로 측정: AUC {auc} (0.5는 찍기, 1은 완벽).</translation>
        </message>
        <message>
            <source>That is no better than chance: this number says nothing about the person.</source>
            <translation>우연보다 낫지 않습니다. 이 숫자는 그 사람에 대해 아무것도 말해 주지 않습니다.</translation>
        </message>
        <message>
            <source>{title}: no reading yet</source>
            <translation>{title}: 아직 수치 없음</translation>
        </message>
        <message>
            <source>{title}: about {value} {unit}; most likely {low} to {high}</source>
            <translation>{title}: 약 {value}{unit}, 대체로 {low}~{high}</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>예</translation>
        </message>
        <message>
            <source>no</source>
            <translation>아니요</translation>
        </message>
        <message>
            <source>No new picture for {n} s</source>
            <translation>{n}초째 새 화면이 없습니다</translation>
        </message>
        <message>
            <source>The same picture again and again, for {n} s</source>
            <translation>{n}초째 같은 화면만 옵니다</translation>
        </message>
        <message>
            <source>The picture is black: is the shutter closed, or the light off? ({n} s)</source>
            <translation>화면이 검습니다. 가리개가 닫혔거나 불이 꺼졌나요? ({n}초)</translation>
        </message>
        <message>
            <source>The pictures have changed their size ({n} s ago)</source>
            <translation>화면 크기가 바뀌었습니다 ({n}초 전)</translation>
        </message>
        <message>
            <source>The source is gone, for {n} s</source>
            <translation>{n}초째 영상이 끊겼습니다</translation>
        </message>
        <message>
            <source>Waiting for the source to come back, for {n} s</source>
            <translation>영상이 돌아오기를 {n}초째 기다리는 중</translation>
        </message>
        <message>
            <source>fewer than 1 in 1000</source>
            <translation>1000개 중 1개 미만</translation>
        </message>
        <message>
            <source>{rate} frames a second</source>
            <translation>초당 {rate}장</translation>
        </message>
        <message>
            <source>{rate} analysed</source>
            <translation>초당 {rate}장 분석</translation>
        </message>
        <message>
            <source>{ms} ms behind</source>
            <translation>{ms} ms 늦음</translation>
        </message>
        <message>
            <source>{count} skipped</source>
            <translation>{count}장 건너뜀</translation>
        </message>
        <message>
            <source>differs</source>
            <translation>다름</translation>
        </message>
        <message>
            <source>same</source>
            <translation>같음</translation>
        </message>
        <message>
            <source>{number} points</source>
            <translation>{number}%p</translation>
        </message>
        <message>
            <source>{title}: {first}, then {second}</source>
            <translation>{title}: {first}, 다음 {second}</translation>
        </message>
    </context>
    <context>
        <name>errors</name>
        <message>
            <source>There is no camera {index}: no camera was found on this machine, connect one or choose a file.</source>
            <translation>{index}번 카메라가 없습니다. 이 컴퓨터에서 카메라를 찾지 못했으니 카메라를 연결하거나 파일을 고르세요.</translation>
        </message>
        <message>
            <source>There is no camera {index}: choose one of {names}.</source>
            <translation>{index}번 카메라가 없습니다. 다음 중에서 고르세요: {names}.</translation>
        </message>
        <message>
            <source>There is no camera and no file called {name}: no camera was found on this machine, connect one or choose a file.</source>
            <translation>이름이 {name}인 카메라나 파일이 없습니다. 이 컴퓨터에서 카메라를 찾지 못했으니 카메라를 연결하거나 파일을 고르세요.</translation>
        </message>
        <message>
            <source>There is no camera and no file called {name}: choose one of {names}.</source>
            <translation>이름이 {name}인 카메라나 파일이 없습니다. 다음 중에서 고르세요: {names}.</translation>
        </message>
        <message>
            <source>The {camera} may not be used by this account: run 'sudo usermod -aG video $USER' and log in again.</source>
            <translation>이 계정은 {camera} 장치를 쓸 수 없습니다. 'sudo usermod -aG video $USER'를 실행하고 다시 로그인하세요.</translation>
        </message>
        <message>
            <source>The {camera} cannot be opened: allow the camera for this program in System Settings, Privacy &amp; Security, and close other programs that use it.</source>
            <translation>{camera} 장치를 열 수 없습니다. 시스템 설정의 개인정보 보호 및 보안에서 이 프로그램에 카메라를 허용하고, 카메라를 쓰는 다른 프로그램을 닫으세요.</translation>
        </message>
        <message>
            <source>The {camera} cannot be opened: close other programs that use it, then try again.</source>
            <translation>{camera} 장치를 열 수 없습니다. 카메라를 쓰는 다른 프로그램을 닫고 다시 시도하세요.</translation>
        </message>
        <message>
            <source>The {camera} cannot be opened: close {programs}, which has it in use, then try again.</source>
            <translation>{camera} 장치를 열 수 없습니다. 사용 중인 프로그램({programs})을 닫고 다시 시도하세요.</translation>
        </message>
        <message>
            <source>The {camera} did not answer within {n} s: unplug it and plug it in again, or close the program that uses it.</source>
            <translation>{camera} 장치가 {n}초 안에 응답하지 않았습니다. 뽑았다가 다시 꽂거나, 사용 중인 프로그램을 닫으세요.</translation>
        </message>
        <message>
            <source>The {camera} opens but gives no picture: close other programs that use it, or choose another camera.</source>
            <translation>{camera} 장치가 열리지만 화면이 나오지 않습니다. 카메라를 쓰는 다른 프로그램을 닫거나 다른 카메라를 고르세요.</translation>
        </message>
        <message>
            <source>The {camera} opens but gives no picture: close {programs}, which has it in use, or choose another camera.</source>
            <translation>{camera} 장치가 열리지만 화면이 나오지 않습니다. 사용 중인 프로그램({programs})을 닫거나 다른 카메라를 고르세요.</translation>
        </message>
        <message>
            <source>The {camera} is still held by a call to its driver that does not return: unplug it and plug it in again.</source>
            <translation>{camera} 장치의 드라이버가 응답하지 않습니다. 뽑았다가 다시 꽂으세요.</translation>
        </message>
        <message>
            <source>{name} is not connected: plug it in again, or choose another camera.</source>
            <translation>{name} 카메라가 연결되어 있지 않습니다. 다시 꽂거나 다른 카메라를 고르세요.</translation>
        </message>
        <message>
            <source>{name} stopped giving pictures: check its cable and whether another program took it.</source>
            <translation>{name} 카메라에서 화면이 오지 않습니다. 케이블과, 다른 프로그램이 쓰고 있지 않은지 확인하세요.</translation>
        </message>
        <message>
            <source>The address {url} cannot be opened: it has to begin with http://, https:// or rtsp://.</source>
            <translation>주소 {url} 열기 실패: http://, https:// 또는 rtsp://로 시작해야 합니다.</translation>
        </message>
        <message>
            <source>The stream {name} cannot be opened: check that the address is right, that the server runs and that it gives video.</source>
            <translation>스트림 {name} 열기 실패: 주소가 맞는지, 서버가 켜져 있고 영상을 보내는지 확인하세요.</translation>
        </message>
        <message>
            <source>The stream {name} did not answer within {n} s: check the address and the network.</source>
            <translation>스트림 {name}의 응답이 {n}초 안에 오지 않았습니다. 주소와 네트워크를 확인하세요.</translation>
        </message>
        <message>
            <source>The stream {name} gives no picture that can be decoded: check that the address is one of a video.</source>
            <translation>스트림 {name}에서 읽을 수 있는 화면이 오지 않습니다. 영상의 주소인지 확인하세요.</translation>
        </message>
        <message>
            <source>The stream {name} fell silent for {n} s: check the network and open it again.</source>
            <translation>스트림 {name}에서 {n}초 동안 아무것도 오지 않았습니다. 네트워크를 확인하고 다시 여세요.</translation>
        </message>
        <message>
            <source>The stream {name} was ended by its server after {n} pictures: open it again.</source>
            <translation>스트림 {name}: {n}장을 보낸 뒤 서버가 끝냈습니다. 다시 여세요.</translation>
        </message>
        <message>
            <source>The stream {name} was cut off after {n} of {all} pictures: open it again.</source>
            <translation>스트림 {name}: {all}장 중 {n}장에서 끊겼습니다. 다시 여세요.</translation>
        </message>
        <message>
            <source>The video {path} does not exist: check the name.</source>
            <translation>동영상 {path} 파일이 없습니다. 이름을 확인하세요.</translation>
        </message>
        <message>
            <source>The picture {path} does not exist: check the name.</source>
            <translation>그림 {path} 파일이 없습니다. 이름을 확인하세요.</translation>
        </message>
        <message>
            <source>The video {path} is empty (0 bytes): choose another file.</source>
            <translation>동영상 {path} 파일이 비어 있습니다(0바이트). 다른 파일을 고르세요.</translation>
        </message>
        <message>
            <source>The picture {path} is empty (0 bytes): choose another file.</source>
            <translation>그림 {path} 파일이 비어 있습니다(0바이트). 다른 파일을 고르세요.</translation>
        </message>
        <message>
            <source>The video {path} cannot be read ({reason}): check the file and its permissions.</source>
            <translation>동영상 {path} 파일을 읽을 수 없습니다({reason}). 파일과 권한을 확인하세요.</translation>
        </message>
        <message>
            <source>The picture {path} cannot be read ({reason}): check the file and its permissions.</source>
            <translation>그림 {path} 파일을 읽을 수 없습니다({reason}). 파일과 권한을 확인하세요.</translation>
        </message>
        <message>
            <source>The video {path} cannot be opened: it is damaged, cut off or not a video, choose another file.</source>
            <translation>동영상 {path} 파일을 열 수 없습니다. 손상되었거나 잘렸거나 동영상이 아니니 다른 파일을 고르세요.</translation>
        </message>
        <message>
            <source>The video {path} holds no picture that can be decoded: it is damaged or not a video, choose another file.</source>
            <translation>동영상 {path} 파일에서 읽을 수 있는 화면이 없습니다. 손상되었거나 동영상이 아니니 다른 파일을 고르세요.</translation>
        </message>
        <message>
            <source>The picture {path} cannot be decoded: it is damaged or not a picture, choose another file.</source>
            <translation>그림 {path} 파일을 읽을 수 없습니다. 손상되었거나 그림이 아니니 다른 파일을 고르세요.</translation>
        </message>
        <message>
            <source>The picture {path} cannot be decoded: save it as JPEG or PNG.</source>
            <translation>그림 {path} 파일을 읽을 수 없습니다. JPEG나 PNG로 저장하세요.</translation>
        </message>
        <message>
            <source>The folder {path} holds no pictures: choose one with JPEG, PNG or WebP files.</source>
            <translation>폴더 {path}에 그림이 없습니다. JPEG, PNG, WebP 파일이 있는 폴더를 고르세요.</translation>
        </message>
        <message>
            <source>{name} breaks off before the length that it states: what there is was played, copy the file again.</source>
            <translation>{name} 파일이 표시된 길이보다 먼저 끝났습니다. 있는 부분은 재생했으니 파일을 다시 복사하세요.</translation>
        </message>
        <message>
            <source>{path} cannot be written ({reason}): choose another file, or free space or permission there.</source>
            <translation>{path} 파일을 쓸 수 없습니다({reason}). 다른 곳을 고르거나 공간이나 권한을 확보하세요.</translation>
        </message>
        <message>
            <source>{path} exists already: record under another name, or remove it first.</source>
            <translation>{path} 파일이 이미 있습니다. 다른 이름으로 녹화하거나 먼저 지우세요.</translation>
        </message>
        <message>
            <source>{path} exists already: save under another name, or remove it first.</source>
            <translation>{path} 파일이 이미 있습니다. 다른 이름으로 저장하거나 먼저 지우세요.</translation>
        </message>
        <message>
            <source>The folder {path} is gone ({reason}): the disk was taken out or the folder removed, so record to another place.</source>
            <translation>폴더 {path}이(가) 사라졌습니다({reason}). 디스크가 빠졌거나 폴더가 지워졌으니 다른 곳에 녹화하세요.</translation>
        </message>
        <message>
            <source>{path} is gone while it was being recorded ({reason}): the disk was taken out or the file removed, so record to another place.</source>
            <translation>녹화 중에 {path} 파일이 사라졌습니다({reason}). 디스크가 빠졌거나 파일이 지워졌으니 다른 곳에 녹화하세요.</translation>
        </message>
        <message>
            <source>Only {n} MB are free in {path}: free some space, or record to another disk.</source>
            <translation>{path}에 남은 공간이 {n} MB뿐입니다. 공간을 비우거나 다른 디스크에 녹화하세요.</translation>
        </message>
        <message>
            <source>The recording was stopped because only {n} MB were left in {path}: it is whole up to here; free some space before the next one.</source>
            <translation>{path}에 남은 공간이 {n} MB뿐이어서 녹화를 멈췄습니다. 여기까지는 온전합니다. 다음 녹화 전에 공간을 비우세요.</translation>
        </message>
        <message>
            <source>No frame came before the recording ended, so there is no {name}: start it once there is a picture.</source>
            <translation>녹화가 끝날 때까지 화면이 오지 않아 {name} 파일이 없습니다. 화면이 나온 뒤에 시작하세요.</translation>
        </message>
        <message>
            <source>Nothing was kept that {name} could show: let the video run for a moment.</source>
            <translation>{name}에 담을 화면이 없습니다. 영상을 잠시 더 재생하세요.</translation>
        </message>
        <message>
            <source>A clip is being written already: wait until it is done.</source>
            <translation>이미 장면을 저장하고 있습니다. 끝날 때까지 기다리세요.</translation>
        </message>
        <message>
            <source>The snapshot cannot be written to {path} ({reason}): choose another folder.</source>
            <translation>스냅샷을 {path}에 쓸 수 없습니다({reason}). 다른 폴더를 고르세요.</translation>
        </message>
        <message>
            <source>{path} is no recording with stats: choose a .session folder, or the video beside one.</source>
            <translation>{path}은(는) 수치가 있는 녹화가 아닙니다. .session 폴더나 그 옆의 동영상을 고르세요.</translation>
        </message>
        <message>
            <source>{path} is no session folder ({reason} for {file}): choose a folder whose name ends in .session.</source>
            <translation>{path}은(는) 녹화 폴더가 아닙니다({file}: {reason}). 이름이 .session으로 끝나는 폴더를 고르세요.</translation>
        </message>
        <message>
            <source>{path} is damaged ({reason}): the session cannot be read.</source>
            <translation>{path} 파일이 손상되어({reason}) 녹화를 읽을 수 없습니다.</translation>
        </message>
        <message>
            <source>{path} cannot be read ({reason}): the session is not whole, choose another.</source>
            <translation>{path} 파일을 읽을 수 없습니다({reason}). 녹화가 온전하지 않으니 다른 녹화를 고르세요.</translation>
        </message>
        <message>
            <source>{path} holds no video: choose another recording.</source>
            <translation>{path}에 영상이 없습니다. 다른 녹화를 고르세요.</translation>
        </message>
        <message>
            <source>The video {path} cannot be opened ({reason}): check that it is there and whole.</source>
            <translation>동영상 {path} 파일을 열 수 없습니다({reason}). 파일이 있고 온전한지 확인하세요.</translation>
        </message>
        <message>
            <source>The model package {path} lacks its file {file}: restore it, or choose another model.</source>
            <translation>모델 패키지 {path}에 {file} 파일이 없습니다. 파일을 되살리거나 다른 모델을 고르세요.</translation>
        </message>
        <message>
            <source>An internal error stopped this ({kind}: {reason}): try again, and report it with the log if it comes back.</source>
            <translation>내부 오류로 멈췄습니다({kind}: {reason}). 다시 시도하고, 되풀이되면 로그와 함께 알려 주세요.</translation>
        </message>
        <message>
            <source>Input/output error</source>
            <translation>입출력 오류</translation>
        </message>
        <message>
            <source>No space left on device</source>
            <translation>디스크에 남은 공간 없음</translation>
        </message>
        <message>
            <source>No such file or directory</source>
            <translation>파일이나 폴더 없음</translation>
        </message>
        <message>
            <source>Permission denied</source>
            <translation>권한 없음</translation>
        </message>
        <message>
            <source>Read-only file system</source>
            <translation>읽기 전용 디스크</translation>
        </message>
        <message>
            <source>; what was recorded until then ({n} s) can be played.</source>
            <translation>. 그때까지 녹화된 {n}초는 재생할 수 있습니다.</translation>
        </message>
        <message>
            <source>The recording {path} does not exist: check the name.</source>
            <translation>녹화 {path} 파일이나 폴더가 없습니다. 이름을 확인하세요.</translation>
        </message>
    </context>
</TS>
