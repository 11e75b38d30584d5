"""The page's words in Chinese, by the English ones."""

CHINESE: dict[str, str] = {
    # The heading
    "A picture and a sentence become a video.": "一张图片加一句话，变成一段视频。",
    "Simulated: videos are made on this machine, no model is used and nothing is charged.": (
        "模拟模式：视频在这台机器上生成，不使用模型，不计费。"
    ),
    "Videos are made by Vidu Q2 Pro at Novita and charged to your key.": (
        "视频由 Novita 上的 Vidu Q2 Pro 生成，费用计入你的密钥。"
    ),
    "Videos are made by Vidu Q2 Pro at Novita and charged to the host's key.": (
        "视频由 Novita 上的 Vidu Q2 Pro 生成，费用计入本站的密钥。"
    ),
    # The form
    "Pictures": "图片",
    "The first picture becomes the first frame, and the video keeps its shape.": (
        "第一张图片成为首帧，视频保持它的宽高比。"
    ),
    "Add a picture": "请添加图片",
    "← Earlier": "← 前移",
    "Later →": "后移 →",
    "Or try one of these": "或者试试这些",
    "Or give picture addresses": "或者填写图片网址",
    "Picture URLs": "图片网址",
    "One a line. They come after the uploaded pictures.": "每行一个，排在上传的图片之后。",
    "Pad or crop the picture": "请先补边或裁剪图片",
    "Pad it": "补边",
    "Crop it": "裁剪",
    "Prompt": "提示词",
    "What should happen: one action, what reacts to it, one camera move.": (
        "会发生什么：一个动作、随之而来的反应、一次运镜。"
    ),
    "Write a prompt": "请写提示词",
    "The cat lifts its head and looks at us, whiskers trembling. Slow push-in.": (
        "猫抬起头看向我们，胡须轻颤。镜头缓慢推近。"
    ),
    "Words that help": "常用短语",
    "Duration": "时长",
    "Length of the video in seconds.": "视频的秒数。",
    "Resolution": "分辨率",
    "The shorter side of the video, in pixels.": "视频短边的像素数。",
    "Takes": "条数",
    "How many videos one click makes: takes with different seeds.": (
        "点一次生成几条视频，每条种子不同。"
    ),
    "one for each picture": "每张图片一条",
    "More settings": "更多设置",
    "Seed": "种子",
    "The same seed gives a similar video. Left empty, one is picked and shown.": (
        "相同的种子生成相近的视频。留空则自动选取并显示。"
    ),
    "Picked for you": "自动选取",
    "Sound": "声音",
    "Speech and background sound; without it the video is silent.": (
        "人声和环境声；不选则视频无声。"
    ),
    "Voice": "音色",
    "Who speaks, by the voice's id. Left empty, the model chooses.": (
        "用哪个音色说话，填它的 ID。留空由模型选择。"
    ),
    "Music": "音乐",
    "Background music.": "背景音乐。",
    "Movement": "运动幅度",
    "How strongly things move. By Vidu's own reference, Q2 models do not use it.": (
        "画面运动的强弱。按 Vidu 的文档，Q2 模型不使用此项。"
    ),
    "Off-peak": "错峰",
    "About half the price; done within 48 hours, or called off and refunded.": (
        "价格约一半；48 小时内完成，否则取消并退款。"
    ),
    "Watermark": "水印",
    "A fixed text, “AI generated”, in the video.": "在视频里加上固定文字“AI generated”。",
    # Truths beside the controls
    "All pictures are sent, but only the first is known to be used.": (
        "所有图片都会发送，但已知只有第一张会被使用。"
    ),
    "Most sources name 2000 characters as the limit.": "多数资料给出的上限是 2000 个字符。",
    "0 means random to the model, so it can't be repeated.": "0 对模型表示随机，因此无法复现。",
    "A voice has no effect without sound.": "没有声音时，音色不起作用。",
    "Music has no effect on videos of 9 and 10 seconds.": "9 秒和 10 秒的视频，音乐不起作用。",
    "Q2 models are documented to ignore this setting.": "文档说明 Q2 模型会忽略此项。",
    "Off-peak is not offered together with sound, so this may be refused.": (
        "错峰不能与声音同时使用，请求可能被拒绝。"
    ),
    # The price and the button
    "Estimate": "预估",
    "Vidu's price list, {date}.": "Vidu 价目表，{date}。",
    "Nothing is charged.": "不计费。",
    "Charged to this app's key.": "费用计入本应用的密钥。",
    "Usually done in {time} here.": "在这里通常 {time} 完成。",
    "for {number} videos": "，共 {number} 条视频",
    "Draft first": "先出草稿",
    "Make the video": "生成视频",
    "Make {number} videos": "生成 {number} 条视频",
    "Sending…": "发送中…",
    # Where a video stands
    "Preparing": "准备",
    "Submitted": "已提交",
    "Queued": "排队",
    "Processing": "生成中",
    "Saving": "保存",
    "Done": "完成",
    "Preparing the request": "正在准备请求",
    "Sending the request": "正在发送请求",
    "Asking about the task": "正在查询任务",
    "In the queue": "排队中",
    "about {time} left": "约剩 {time}",
    "The API says “{status}”": "接口返回“{status}”",
    "Made, waiting for its link": "已生成，等待下载链接",
    "Saving the video": "正在保存视频",
    "Done in {time}": "用时 {time} 完成",
    "No video was made": "没有生成视频",
    "Nothing was bought": "没有购买",
    "Not sent": "没有发送",
    "Unknown: it may have been bought": "结果未知：可能已经购买",
    "No longer watched": "已停止查看",
    "Nothing was charged.": "没有计费。",
    "The video was made, so it counts as charged.": "视频已生成，视为已计费。",
    "It may have been charged.": "可能已计费。",
    "This was simulated, so nothing was charged.": "这是模拟，没有计费。",
    "You stopped watching. The task goes on at the vendor and may be billed.": (
        "你已停止查看。任务仍在服务商处进行，可能会计费。"
    ),
    "Watch it again at any time: that costs nothing.": "随时可以继续查看，不收费。",
    "You have asked for this very video already, and it is not finished.": (
        "同样的视频你已经请求过，还没有完成。"
    ),
    "Wait for it, change something, or make a second one on purpose.": (
        "可以等它完成、改动设置，或特意再做一条。"
    ),
    "Progress": "进度",
    "Video": "视频",
    "{rate} frames a second": "每秒 {rate} 帧",
    "with sound": "有声",
    "silent": "无声",
    "Task": "任务",
    "Copy": "复制",
    "Copied": "已复制",
    "Stop watching": "停止查看",
    "Resume watching": "继续查看",
    "Make a second one anyway": "仍然再做一条",
    "Tell me when it is done": "完成时提醒我",
    "Your video is done": "视频完成了",
    "1 running": "1 条进行中",
    "{number} running": "{number} 条进行中",
    # The example
    "An example": "示例",
    "An example, made by the simulator": "示例，由模拟器生成",
    "Made by the simulator on a machine like this: no model was used.": (
        "由模拟器在同样的机器上生成，没有使用模型。"
    ),
    "Your own videos appear here.": "你的视频会出现在这里。",
    # What to do with a video
    "Use these settings": "使用这些设置",
    "Same with a new seed": "换个种子再来",
    "Go on from the last frame": "从最后一帧继续",
    # The list
    "Your videos": "你的视频",
    "Search your videos by their prompt or task id": "按提示词或任务 ID 搜索你的视频",
    "Nothing found.": "没有找到。",
    "being sent": "发送中",
    "running": "进行中",
    "being saved": "保存中",
    "done": "完成",
    "failed": "失败",
    "not made, nothing charged": "未生成，未计费",
    "unknown, may have been billed": "未知，可能已计费",
    "not watched, may be billed": "未查看，可能计费",
    "Compare": "对比",
    "Download": "下载",
    "Delete": "删除",
    "Really delete?": "确定删除？",
    "It may still run. Delete?": "可能仍在运行，删除？",
    # Two side by side
    "Side by side": "并排对比",
    "Close": "关闭",
    "Play": "播放",
    "Pause": "暂停",
    "Seconds": "秒",
    "Left video": "左侧视频",
    "Right video": "右侧视频",
    "left": "左",
    "right": "右",
    "off": "关",
    "on": "开",
    "Setting": "设置",
    "Left": "左",
    "Right": "右",
    "not known": "未知",
    "the same": "相同",
    "not the same": "不同",
    "chosen by the model": "由模型选择",
    "Done in": "用时",
    "Both were made of the same pictures with the same settings.": (
        "两条使用了相同的图片和相同的设置。"
    ),
    "One of these can’t be played here. Download it to watch it.": (
        "其中一条无法在这里播放，请下载后观看。"
    ),
    # Code, links, tasks
    "This form as code": "用代码表示",
    "Each is complete. It reads the key from NOVITA_API_KEY and buys one video.": (
        "每段都可以直接运行，密钥取自 NOVITA_API_KEY，运行一次购买一条视频。"
    ),
    "Copy a link to this form": "复制此表单的链接",
    "Continue a task by its id": "用任务 ID 继续",
    "Task id": "任务 ID",
    "Of a task started anywhere with this key. Watching is free.": (
        "用这个密钥在任何地方开始的任务。查看不收费。"
    ),
}
